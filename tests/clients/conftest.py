from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.clients.answers import (
    Answers,
    Command,
    answering,
    c_answers,
    go_answers,
    needs_cargo,
    needs_cc,
    needs_go,
    rust_answers,
)
from tests.format.test_format import serve
from tests.support.snapshot_format import Snapshot, encode


@pytest.fixture(
    scope="session",
    params=[
        pytest.param(rust_answers, id="rust", marks=needs_cargo),
        pytest.param(c_answers, id="c", marks=needs_cc),
        pytest.param(go_answers, id="go", marks=needs_go),
    ],
)
def command(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Command:
    """Each reader, compiled."""
    made: Command = request.param(tmp_path_factory.mktemp("reader"))
    return made


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    return tmp_path / "run"


@pytest.fixture
def reader(command: Command, directory: Path) -> Iterator[Answers]:
    """Attached to a directory with generation 5, which says v = 5."""
    serve(directory, encode(Snapshot(5, values={"v": 5})))
    with answering(command, directory) as answers:
        assert answers.ask("get v") == "int 5"
        yield answers
