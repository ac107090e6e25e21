"""A control plane that does not get ready is not left running, and what it printed is told."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path

import pytest

from tests.support import control
from tests.support.control import Control

SILENT = (
    "import os, sys, time; print('stuck as', os.getpid(), file=sys.stderr, flush=True); os.close(1); time.sleep(100)"
)
BABBLING = "import sys, time; print('stuck', file=sys.stderr); print('soon\\nready', flush=True); time.sleep(100)"


def test_one_that_cannot_start_says_why(tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match="--no-such-option"):
        Control(tmp_path / "repo", "--no-such-option")


def test_only_what_it_printed_itself_is_told(tmp_path: Path) -> None:
    (tmp_path / "repo.log").write_text("of the one before\n")
    with pytest.raises(AssertionError) as refused:
        Control(tmp_path / "repo", "--no-such-option")
    assert "of the one before" not in "".join(refused.value.__notes__)


def test_one_that_never_gets_ready_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(control, "COMMAND", [sys.executable, "-c", SILENT])
    with pytest.raises(AssertionError, match="before it was ready") as refused:
        Control(tmp_path / "repo")
    said = re.search(r"stuck as (\d+)", "".join(refused.value.__notes__))
    assert said
    with pytest.raises(ProcessLookupError):
        os.kill(int(said[1]), 0)


def test_one_that_says_something_else_is_told_with_all_of_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(control, "COMMAND", [sys.executable, "-c", BABBLING])
    with pytest.raises(AssertionError, match="'soon'") as refused:
        Control(tmp_path / "repo")
    assert all(text in "".join(refused.value.__notes__) for text in ("ready", "stuck"))
