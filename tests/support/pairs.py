"""The smallest matchmaker: tickets are paired in the order they came, and can be cancelled before."""

from __future__ import annotations

import json
from typing import Any


def enqueue(ticket: str) -> bytes:
    return json.dumps({"enqueue": ticket}).encode()


def cancel(ticket: str) -> bytes:
    return json.dumps({"cancel": ticket}).encode()


class Pairs:
    """`eager`: sets aside what it decides at once, as an engine that matches on arrival; else `decide` only looks."""

    def __init__(self, eager: bool = False) -> None:
        self.queue: dict[str, float] = {}
        self.cancels: dict[str, None] = {}
        self._eager = eager

    def apply_in(self, seq: int, payload: bytes, now: float) -> None:
        event = json.loads(payload)
        if "enqueue" in event:
            self.queue[event["enqueue"]] = now
        elif event["cancel"] in self.queue:
            self.cancels[event["cancel"]] = None

    def decide(self, now: float) -> list[bytes] | None:
        free = [ticket for ticket in self.queue if ticket not in self.cancels][:128]
        record: dict[str, Any] = {
            "pairs": [list(pair) for pair in zip(free[::2], free[1::2], strict=False)],
            "cancelled": list(self.cancels),
        }
        if not any(record.values()):
            return None
        if self._eager:
            self._end(record)
        return [json.dumps(record).encode()]

    def apply_out(self, payload: bytes) -> None:
        self._end(json.loads(payload))

    def snapshot(self) -> bytes:
        return json.dumps([self.queue, list(self.cancels)]).encode()

    def restore(self, state: bytes) -> None:
        queue, cancels = json.loads(state)
        self.queue, self.cancels = queue, dict.fromkeys(cancels)

    def _end(self, record: dict[str, Any]) -> None:
        for ticket in [*record["cancelled"], *(ticket for pair in record["pairs"] for ticket in pair)]:
            self.queue.pop(ticket, None)
            self.cancels.pop(ticket, None)
