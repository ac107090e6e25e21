"""Nodes are told that there is a newer commit: all of them, the newest alone, and nothing of what is in it."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest

from configedge.control import tips
from configedge.control.tips import MAX_WAITING, Tip, Tips, TooMany
from tests.support.control import Control, document, push_file, running
from tests.support.people import asking, person
from tests.support.relay import wait_for
from tests.sync.test_exporter import BUNDLE


def many(control: Control) -> httpx2.Client:
    """A client for as many connections as one likes."""
    return httpx2.Client(base_url=control.url, limits=httpx2.Limits(max_connections=None))


@contextmanager
def told(client: httpx2.Client) -> Iterator[Iterator[dict[str, Any]]]:
    with client.sse("/v1/watch/tip", timeout=60) as source:
        assert source.response.status_code == 200
        yield (event.json() for event in source)  # type: ignore[misc]


def put(control: Control, bundle: str) -> str:
    return str(control.put(bundle, document({"n": 1}), message="A secret").raise_for_status().json()["commit"])


def test_the_tip_is_told_at_the_start_and_with_each_change(tmp_path: Path) -> None:
    with running(tmp_path / "repo") as control, told(control.http) as tip:
        assert next(tip)["commit"] == control.tip()
        for number in range(3):
            commit = put(control, f"game/a{number}")
            assert next(tip) == {"commit": commit, "spread_s": 0.002}
        pushed = push_file(control.repo, tmp_path / "work", "bundles/game/a.yaml", BUNDLE.format(1))
        assert next(tip)["commit"] == pushed


def test_who_may_read_nothing_is_told_the_commit_and_nothing_else(tmp_path: Path) -> None:
    with asking(tmp_path / "repo") as control:
        assert httpx2.get(f"{control.url}/v1/watch/tip").status_code == 401
        with told(person(control, "least", "viewer", namespace="none")) as tip:
            next(tip)
            commit = put(control, "game/secret")
            assert next(tip).keys() == {"commit", "spread_s"}
        assert control.tip() == commit


def test_hundreds_of_nodes_are_all_told_the_newest(tmp_path: Path) -> None:
    nodes = 150
    with running(tmp_path / "repo") as control, many(control) as client:
        newest = dict.fromkeys(range(nodes), "")

        def node(number: int) -> None:
            with told(client) as tip:
                for one in tip:
                    newest[number] = one["commit"]

        threads = [threading.Thread(target=node, args=(number,)) for number in range(nodes)]
        for thread in threads:
            thread.start()
        wait_for(lambda: all(newest.values()), 60)
        commits = [put(control, f"game/a{number}") for number in range(10)]
        wait_for(lambda: set(newest.values()) == {commits[-1]}, 60)
        assert control.stop() == 0, "nobody who waits holds it up"
        for thread in threads:
            thread.join(30)


async def first(following: AsyncIterator[Tip]) -> Tip:
    return await anext(following)


async def yes() -> bool:
    return True


async def test_one_too_many_is_refused_until_another_goes() -> None:
    newest = Tips()
    newest.move("a" * 40)
    following = [newest.follow(yes) for _ in range(MAX_WAITING)]
    for one in following:
        await first(one)
    assert len(newest) == MAX_WAITING
    with pytest.raises(TooMany, match="look at Git yourself"):
        await first(newest.follow(yes))
    await following[0].aclose()  # type: ignore[attr-defined]
    told = await first(newest.follow(yes))
    # As many as a Git host is to serve a second.
    assert told.spread_s == MAX_WAITING / tips.FETCHES_S
    newest.close()


async def test_one_that_was_slow_is_told_the_newest_alone() -> None:
    newest = Tips()
    newest.move("a")
    following = newest.follow(yes)
    assert (await first(following)).commit == "a"
    for commit in "bcd":
        newest.move(commit)
    assert (await first(following)).commit == "d"
    waiting = asyncio.ensure_future(first(following))
    newest.move("d")
    await asyncio.sleep(0.05)
    assert not waiting.done(), "nothing is new"
    newest.move("e")
    assert (await waiting).commit == "e"
    newest.close()
    with pytest.raises(StopAsyncIteration):
        await first(following)
    assert len(newest) == 0


async def test_who_may_not_ask_any_more_is_sent_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tips, "_STILL_S", 0.05)
    asked = iter([True, True, False])

    async def still() -> bool:
        return next(asked)

    newest = Tips()
    newest.move("a")
    following = newest.follow(still)
    await first(following)
    with pytest.raises(StopAsyncIteration):
        await first(following)
    assert next(asked, None) is None


def test_an_idle_wait_costs_little(tmp_path: Path) -> None:
    """So little that some thousands can wait: 100 KiB a node would be 300 MiB for all that may."""
    nodes = 200
    with running(tmp_path / "repo") as control, many(control) as client, ExitStack() as stack:

        def resident_kib() -> int:
            status = Path(f"/proc/{control.process.pid}/status").read_text()
            return int(next(line.split()[1] for line in status.splitlines() if line.startswith("VmRSS")))

        def join(count: int) -> None:
            for _ in range(count):
                next(stack.enter_context(told(client)))

        join(20)
        before = resident_kib()
        join(nodes)
        assert (resident_kib() - before) / nodes < 100
