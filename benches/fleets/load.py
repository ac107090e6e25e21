"""An edge with players: they come at a rate of their own, whatever becomes of them, and each is timed from when due."""

from __future__ import annotations

import asyncio
import time
from array import array
from collections.abc import Sequence
from random import Random

from matchmaker.core.events import Ended, Match, Queued
from matchmaker.core.refused import Refused
from matchmaker.core.ticket import Ticket
from matchmaker.fleet.front import Told
from matchmaker.fleet.service import FleetService
from matchmaker.request import Enqueue, PlayerIn

TURN_S = 0.005
DEVIATION = 120


class Load:
    """Players of `places`, which are (region, mode), in turn."""

    def __init__(self, edge: FleetService, places: Sequence[tuple[str, str]], seed: int) -> None:
        self.acked: set[int] = set()
        self.ended: dict[int, str] = {}
        self.doubles = self.refused = self.sent = 0
        self.waits = array("d")
        """Seconds from due to assigned."""
        self.assigned_at = array("d")
        self._edge = edge
        self._places = places
        self._random = Random(seed)
        self._due: dict[int, float] = {}

    async def play(self, rate: float, seconds: float) -> None:
        began = time.monotonic()
        while (now := time.monotonic()) - began < seconds:
            due = int((now - began) * rate)
            while self.sent < due:
                self._enqueue(began + self.sent / rate)
            await asyncio.sleep(TURN_S)

    async def settle(self, quiet_s: float = 10.0, longest_s: float = 60.0) -> None:
        """Until nothing more happens."""
        until = time.monotonic() + longest_s
        seen, since = -1, time.monotonic()
        while time.monotonic() < min(until, since + quiet_s):
            if (now := len(self.ended) + len(self.acked)) != seen:
                seen, since = now, time.monotonic()
            await asyncio.sleep(0.1)

    def _enqueue(self, due: float) -> None:
        region, mode = self._places[self.sent % len(self._places)]
        self.sent += 1
        player = PlayerIn(f"p{self.sent}", self._random.gauss(1500, DEVIATION), {region: 10.0, "us-west-2": 200.0})
        try:
            ticket, _ = self._edge.enqueue(Enqueue([player], mode), self._heard)
        except Refused:
            self.refused += 1
            return
        self._due[ticket.id] = due

    def _heard(self, ticket: Ticket, event: Told) -> None:
        if isinstance(event, Queued):
            self.acked.add(ticket.id)
        elif isinstance(event, Match | Ended):
            if ticket.id in self.ended:
                self.doubles += 1
            self.ended[ticket.id] = "assigned" if isinstance(event, Match) else event.state.value
            if isinstance(event, Match):
                now = time.monotonic()
                self.waits.append(now - self._due[ticket.id])
                self.assigned_at.append(now)
        else:
            self.refused += 1
