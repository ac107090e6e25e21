"""A fleet as HTTP and WebSocket edges ask it: every answer comes when the log has given it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

import msgspec

from matchmaker.core.events import Denied, Match, Proposed, Queued, Requeued
from matchmaker.core.refused import Refused
from matchmaker.core.ticket import Ticket
from matchmaker.edge.backend import Watcher
from matchmaker.edge.frames import Kind
from matchmaker.fleet.front import Told
from matchmaker.fleet.service import FleetService
from matchmaker.request import Enqueue, problem

log = logging.getLogger(__name__)

_encode = msgspec.json.encode
_UNKNOWN = {
    "type": "about:blank",
    "title": "Not found",
    "status": 404,
    "detail": "no such ticket, or none that waits for this",
    "field": "ticket_id",
    "hint": "name an open ticket, or one that ended a moment ago",
}


class FleetBackend:
    """See `matchmaker.edge.backend.Backend`."""

    def __init__(self, service: FleetService) -> None:
        self.service = service
        self.max_body_bytes = service.settings.max_body_bytes

    @property
    def ready(self) -> bool:
        return not self.service.draining

    def max_long_poll_s(self) -> float:
        return self.service.settings.current().limits.max_long_poll_s

    def enqueue(self, request: Enqueue, watcher: Watcher, *, watch: bool, address: Callable[[], str]) -> None:
        self.service.enqueue(request, _Sink(self.service, watcher, once=not watch), address=address())

    def operate(self, kind: Kind, id: str, watcher: Watcher, player: str = "") -> None:
        service = self.service
        number = service.find(id)
        if kind == Kind.CANCEL:
            service.cancel(number)
        elif kind == Kind.ACCEPT:
            service.accept(number, player)
        elif kind == Kind.DECLINE:
            service.decline(number)
        self._answer(number, watcher)

    def follow(self, id: str, watcher: Watcher) -> None:
        service = self.service
        number = service.find(id)
        ticket = service.engine.tickets.get(number)
        if ticket is None:
            self._answer(number, watcher)
        else:
            service.listen(ticket, _Sink(service, watcher))

    def leave(self, id: str, watcher: Watcher) -> None:
        for ticket in self.service.front.known(id):
            self.service.unlisten(ticket.id, _Sink(self.service, watcher))

    def _answer(self, number: int, watcher: Watcher) -> None:
        later = self.service.later(number)
        if later is None:
            watcher.heard(Kind.STATE, _encode(self.service.describe(number)))
        else:
            later.add_done_callback(lambda done: self._answered(done, number, watcher))

    def _answered(self, done: asyncio.Future[None], number: int, watcher: Watcher) -> None:
        try:
            done.result()
            watcher.heard(Kind.STATE, _encode(self.service.describe(number)))
        except KeyError:
            watcher.heard(Kind.REFUSED, _encode(_UNKNOWN))
        except Refused as error:
            watcher.heard(Kind.REFUSED, _encode(problem(error)))


class _Sink:
    """Of a ticket, for one watcher. Two for the same watcher are the same."""

    __slots__ = ("_once", "_service", "_watcher")

    def __init__(self, service: FleetService, watcher: Watcher, once: bool = False) -> None:
        self._service = service
        self._watcher = watcher
        self._once = once
        """Whether only the first answer is told."""

    def __call__(self, ticket: Ticket, event: Told) -> None:
        if self._once:
            self._service.unlisten(ticket.id, self)
        self._watcher.heard(kind_of(event), self._service.message(ticket, event))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Sink) and other._watcher is self._watcher

    def __hash__(self) -> int:
        return id(self._watcher)


def kind_of(event: Told) -> Kind:
    if isinstance(event, Match):
        return Kind.ASSIGNED
    if isinstance(event, Proposed):
        return Kind.PROPOSED
    if isinstance(event, Queued):
        return Kind.QUEUED
    if isinstance(event, Requeued):
        return Kind.REQUEUED
    return Kind.REFUSED if isinstance(event, Denied) else Kind.ENDED
