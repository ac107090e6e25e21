"""What edges ask of the matchmaker: the service in this process (`Local`), or its owner in another one (`upstream`).

Answers and events come to a `Watcher` in the words of the gateway stream: a kind and a JSON body, docs/gateway.md.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

import msgspec

from matchmaker.core.events import Event, Match, Proposed, Requeued
from matchmaker.core.ticket import State, Ticket
from matchmaker.edge.frames import Kind
from matchmaker.live import LiveSettings
from matchmaker.request import Enqueue
from matchmaker.service import Service

FINAL = frozenset({Kind.ASSIGNED, Kind.ENDED})
_encode = msgspec.json.encode
_ID, _STATE = b'"ticket_id":"', b'"state":"'


class Watcher(Protocol):
    """Who asked."""

    def heard(self, kind: int, body: bytes) -> None:
        """An answer, or what became of a ticket. May be called before the call that asked returns."""


class Backend(Protocol):
    """Where tickets are. Every call may raise Refused, or KeyError for a ticket that is not known, or tell it later as
    `REFUSED`."""

    @property
    def ready(self) -> bool:
        """Whether tickets are taken."""

    def max_body_bytes(self) -> int: ...

    def max_long_poll_s(self) -> float: ...

    def enqueue(self, request: Enqueue, watcher: Watcher, *, watch: bool, address: Callable[[], str]) -> None:
        """Answered by `QUEUED`, `PROPOSED`, `ASSIGNED`, `ENDED` or `REFUSED`. With `watch` what follows is told too.

        `address` gives that of the player's connection, or nothing; it is called if regions are chosen by it.
        """

    def operate(self, kind: Kind, id: str, watcher: Watcher, player: str = "") -> None:
        """`CANCEL`, `ACCEPT` (for `player`), `DECLINE` or `GET`, answered by `STATE` or `REFUSED`."""

    def follow(self, id: str, watcher: Watcher) -> None:
        """From now on `watcher` is told of an open ticket; of one that just ended, how."""

    def leave(self, id: str, watcher: Watcher) -> None:
        """Undoes `follow`, and the `watch` of `enqueue`."""


def ticket_of(body: bytes) -> str:
    """The `ticket_id` that an answer begins with. Raises ValueError if there is none."""
    at = body.index(_ID) + len(_ID)
    return body[at : body.index(b'"', at)].decode()


def state_of(body: bytes) -> str:
    """The `state` of an answer. Raises ValueError if there is none."""
    at = body.index(_STATE) + len(_STATE)
    return body[at : body.index(b'"', at)].decode()


def by_address(settings: LiveSettings) -> bool:
    """Whether regions are chosen by players' addresses too."""
    return bool(settings.current().resolution.geoip_database)


class Local:
    """The service in this process."""

    def __init__(self, service: Service) -> None:
        self.service = service
        self.max_body_bytes = service.settings.max_body_bytes

    @property
    def ready(self) -> bool:
        return not self.service.draining

    def max_long_poll_s(self) -> float:
        return self.service.settings.current().limits.max_long_poll_s

    def enqueue(self, request: Enqueue, watcher: Watcher, *, watch: bool, address: Callable[[], str]) -> None:
        service = self.service
        request.address = ""
        sink = _Sink(service, watcher) if watch else None
        where = address() if by_address(service.settings) else ""
        ticket, known = service.enqueue(request, sink, address=where)
        state = ticket.state
        if watch and not (state is State.QUEUED or (known and state.open)):
            # It was told by the event itself.
            return
        told: dict[str, Any] = service.describe(ticket.id)
        if known:
            told["deduplicated"] = True
        kind = Kind.QUEUED if watch else _KINDS.get(state, Kind.ENDED)
        watcher.heard(kind, _encode(told))

    def operate(self, kind: Kind, id: str, watcher: Watcher, player: str = "") -> None:
        service = self.service
        number = service.find(id)
        if kind == Kind.CANCEL:
            service.cancel(number)
        elif kind == Kind.ACCEPT:
            service.accept(number, player)
        elif kind == Kind.DECLINE:
            service.decline(number)
        watcher.heard(Kind.STATE, _encode(service.describe(number)))

    def follow(self, id: str, watcher: Watcher) -> None:
        service = self.service
        number = service.find(id)
        ticket = service.engine.tickets.get(number)
        if ticket is None:
            watcher.heard(Kind.STATE, _encode(service.describe(number)))
        else:
            service.listen(ticket, _Sink(service, watcher))

    def leave(self, id: str, watcher: Watcher) -> None:
        try:
            self.service.unlisten(self.service.find(id), _Sink(self.service, watcher))
        except KeyError:
            return


_KINDS = {State.QUEUED: Kind.QUEUED, State.PROPOSED: Kind.PROPOSED, State.ASSIGNED: Kind.ASSIGNED}


class _Sink:
    """Of a ticket, for one watcher. Two for the same watcher are the same."""

    __slots__ = ("_service", "_watcher")

    def __init__(self, service: Service, watcher: Watcher) -> None:
        self._service = service
        self._watcher = watcher

    def __call__(self, ticket: Ticket, event: Event) -> None:
        if isinstance(event, Match):
            kind = Kind.ASSIGNED
        elif isinstance(event, Proposed):
            kind = Kind.PROPOSED
        else:
            kind = Kind.REQUEUED if isinstance(event, Requeued) else Kind.ENDED
        self._watcher.heard(kind, self._service.message(ticket, event))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Sink) and other._watcher is self._watcher

    def __hash__(self) -> int:
        return id(self._watcher)
