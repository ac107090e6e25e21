"""The rows that a maintainer watches from one change of the code to the next: `make bench-watch` compares them.

Each is a loop of a thousand reads, beside the same of a dict, so that a busy machine shows in both.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import pytest

import configedge
from configedge.testing import Publisher

READS = 1000
KEY = "matchmaking.max_ping_ms"


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> tuple[Publisher, configedge.Reader]:
    directory = tmp_path_factory.mktemp("watched") / "run"
    publisher = Publisher(directory)
    publisher.publish(values(0))
    return publisher, configedge.open(directory)


def values(number: int) -> dict[str, Any]:
    return {
        "matchmaking": {"max_ping_ms": 80.5, "flag": True, "number": number, **{f"key_{i}": i for i in range(1000)}}
    }


def repeat(statement: str, **scope: Any) -> Callable[[], None]:
    """A function that runs the statement a thousand times, with its names as local variables."""
    source = f"def run({', '.join(scope)}):\n for _ in repeat(None, {READS}):\n  {statement}\n"
    made: dict[str, Any] = {"repeat": itertools.repeat}
    exec(source, made)
    return lambda: made["run"](*scope.values())


@pytest.mark.parametrize(
    "statement",
    [
        f'plain["{KEY}"]',
        f'cfg["{KEY}"]',
        f'cfg.get("{KEY}", None)',
        "handle()",
        "handle.value",
        "if flag: pass",
        "view.max_ping_ms",
        f'cfg.many(("{KEY}", "matchmaking.key_1", "matchmaking.key_2", "matchmaking.key_3"))',
    ],
    ids=lambda statement: statement.replace("matchmaking.", "")[:30],
)
def test_a_thousand_reads(benchmark: Any, pair: tuple[Publisher, configedge.Reader], statement: str) -> None:
    cfg = pair[1]
    scope = {
        "plain": {KEY: 80.5},
        "cfg": cfg,
        "handle": cfg.handle(KEY),
        "flag": cfg.handle("matchmaking.flag"),
        "view": cfg.view("matchmaking"),
    }
    used = {name: value for name, value in scope.items() if name in statement}
    benchmark(repeat(statement, **used))


def test_a_first_read_after_a_change(benchmark: Any, pair: tuple[Publisher, configedge.Reader]) -> None:
    publisher, cfg = pair
    numbers = itertools.count()
    benchmark.pedantic(lambda: cfg[KEY], setup=lambda: publisher.publish(values(next(numbers))) and None, rounds=100)
