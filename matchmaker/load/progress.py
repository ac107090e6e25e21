"""How the load is going: one line that changes, or JSON lines."""

from __future__ import annotations

import sys
import time
from typing import Any

import orjson

from matchmaker.load.report import REPORT_S, Board

_LINE = (
    "{t:6.1f} s  sent {sent}  assigned {assigned}  refused {refused}  {rps:.0f}/s  "
    "P50 {p50_ms:.1f} ms  P99 {p99_ms:.1f} ms  P99.9 {p999_ms:.1f} ms"
)


class Progress:
    """Call `show` every now and then, and `end` once."""

    def __init__(self, board: Board, jsonl: bool) -> None:
        self._board = board
        self._jsonl = jsonl
        self._started: float | None = None

    def show(self) -> None:
        # First called when a quarter of a second is over: connecting and preparing are not part of it.
        if self._started is None:
            self._started = time.monotonic() - REPORT_S
        report = self._board.report(time.monotonic() - self._started)
        if self._jsonl:
            print(orjson.dumps(report).decode(), flush=True)
        else:
            print("\r" + _LINE.format(**report) + "\x1b[K", end="", file=sys.stderr, flush=True)

    def end(self, summary: dict[str, Any]) -> None:
        if self._jsonl:
            print(orjson.dumps(summary).decode(), flush=True)
        else:
            print(file=sys.stderr)
            print(orjson.dumps(summary, option=orjson.OPT_INDENT_2).decode())
