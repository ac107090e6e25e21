"""What happens, told as it happens: to watchers of the API and to the dashboard.

Commits are told by looking at the branch, whoever moved it: this process, another replica, a push. A watcher that was
away says which commit it knows, and gets those after it. All else (a refusal, a proposal, a node) is news, not state:
it is told to who is there.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from configedge.bundle import BundleError, BundlePath
from configedge.control.auth import Grant, Principal, Verb
from configedge.control.tips import Tips, TooMany

if TYPE_CHECKING:
    from configedge.control.service import Service

log = logging.getLogger(__name__)

_LOOK_S = 0.2
_LOOK_AT_NODES_S = 1.0
_STILL_S = 15.0
# A watcher that is this far behind is sent away; it comes back and says what it knows.
_MOST_BEHIND = 1_000
_MOST_TOLD = 200
MAX_WATCHERS = 1_000


@dataclass(frozen=True, slots=True)
class Event:
    kind: str
    data: dict[str, Any]
    id: str | None = None
    """The commit, for one that a watcher can resume from."""
    about: Sequence[str] = ()
    """Bundles that one must be able to read, all of them, to be told."""


@dataclass(eq=False, slots=True)
class _Watcher:
    who: Principal
    namespace: str | None
    name: str | None
    queue: asyncio.Queue[str | Event | None] = field(default_factory=lambda: asyncio.Queue(_MOST_BEHIND))

    def put(self, item: str | Event | None) -> None:
        try:
            self.queue.put_nowait(item)
        except asyncio.QueueFull:
            # It never reads again what it missed from here: the end is what it gets.
            while not self.queue.empty():
                self.queue.get_nowait()
            self.queue.put_nowait(None)


class Events:
    """The watchers of one control plane. Its coroutines run in one event loop; `refused` and `tell` anywhere."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._watchers: set[_Watcher] = set()
        self.tips = Tips()
        """For nodes."""
        self._loop: asyncio.AbstractEventLoop | None = None
        self._looking: list[asyncio.Task[None]] = []
        self._woken: asyncio.Event | None = None
        self._tip = ""
        self._telling: dict[tuple[str, tuple[Grant, ...]], asyncio.Future[dict[str, Any] | None]] = {}
        # How many commits of main were seen, and when ours were on disk.
        self._position = 0
        self._made: dict[str, float] = {}
        self._fleet: dict[str, Any] = {}
        self._closed = False

    def __len__(self) -> int:
        return len(self._watchers)

    async def start(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._woken = asyncio.Event()
        self._tip, at = await self._service.read(self._service.store.tip_with_time)
        self._service.propagation.committed(self._tip, at, self._position)
        self.tips.move(self._tip)
        self._service.store.on_commit.append(self._committed)
        self._looking = [asyncio.create_task(look()) for look in (self._look, self._look_at_nodes)]

    def close(self) -> None:
        """Ends every watch."""
        self._closed = True
        for looking in self._looking:
            looking.cancel()
        for watcher in list(self._watchers):
            watcher.put(None)
        self.tips.close()

    def refused(self, subject: str, target: str, code: str, detail: str) -> None:
        """A change was not made."""
        data = {"time": int(time.time()), "subject": subject, "bundle": target, "code": code, "detail": detail}
        self.tell(Event("refused", data))

    def tell(self, event: Event) -> None:
        """To everybody who may know of it."""
        if self._loop is not None and not self._closed:
            with suppress(RuntimeError):
                self._loop.call_soon_threadsafe(self._spread, event)

    async def watch(
        self,
        who: Principal,
        namespace: str | None,
        name: str | None,
        known: str | None,
        still: Callable[[], Awaitable[bool]] | None = None,
    ) -> AsyncIterator[Event]:
        """Events from now on, or since the commit `known`. Ends when the control plane does. Raises TooMany.

        `still` says whether it is still somebody who may watch; it is asked every 15 s.
        """
        if len(self._watchers) >= MAX_WATCHERS:
            raise TooMany(f"{MAX_WATCHERS} watchers are connected; try again later")
        watcher = _Watcher(who, namespace, name)
        self._watchers.add(watcher)
        try:
            service = self._service
            tip = self._tip
            # At once, so that the answer begins. Without an id if there is something to catch up with.
            yield Event("hello", {"commit": tip}, tip if known is None else None)
            if known is not None:
                missed = await service.read(service.store.since, known)
                if missed is None:
                    yield Event("reset", {"commit": tip}, tip)
                for commit in missed or ():
                    tip = commit
                    if (event := await self._commit(watcher, commit)) is not None:
                        yield event
            told = set(missed or ()) if known is not None else set()
            asked = time.monotonic()
            while not self._closed:
                if still is not None and time.monotonic() - asked >= _STILL_S:
                    if not await still():
                        return
                    asked = time.monotonic()
                try:
                    item = await asyncio.wait_for(watcher.queue.get(), _STILL_S)
                except TimeoutError:
                    continue
                if item is None:
                    return
                if isinstance(item, Event):
                    yield item
                elif item not in told and (event := await self._commit(watcher, item)) is not None:
                    yield event
        finally:
            self._watchers.discard(watcher)

    async def _commit(self, watcher: _Watcher, commit: str) -> Event | None:
        data = await self._told(watcher.who, commit)
        if data is None:
            return None
        if watcher.namespace is not None or watcher.name is not None:
            changes = [
                change
                for change in data["changes"]
                if watcher.namespace in (None, change["namespace"]) and watcher.name in (None, change["name"])
            ]
            if not changes:
                return None
            data = {**data, "changes": changes}
        return Event("commit", data, commit)

    async def _told(self, who: Principal, commit: str) -> dict[str, Any] | None:
        """What somebody is told of a commit. Those who may the same are told the same: a thousand cost as one does."""
        key = (commit, who.grants)
        telling = self._telling.get(key)
        if telling is None:
            service = self._service
            telling = asyncio.ensure_future(service.read(service.reading.commit_event, who, commit))
            self._telling[key] = telling
            if len(self._telling) > _MOST_TOLD:
                del self._telling[next(iter(self._telling))]
        try:
            # Others wait for it too, when this one goes.
            return await asyncio.shield(telling)
        except Exception:
            self._telling.pop(key, None)
            raise

    def _committed(self, commit: str, at: float) -> None:
        if self._loop is not None and self._woken is not None:
            self._made[commit] = at
            with suppress(RuntimeError):
                self._loop.call_soon_threadsafe(self._woken.set)

    async def _look(self) -> None:
        assert self._woken is not None
        while True:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._woken.wait(), _LOOK_S)
            self._woken.clear()
            try:
                await self._look_once()
            except Exception as error:
                # Told of at the next look.
                log.warning("cannot look for commits: %s", error)

    async def _look_once(self) -> None:
        service = self._service
        tip = await service.read(service.store.tip)
        if tip == self._tip:
            return
        # Nodes first: each millisecond is one that they serve what is over.
        self.tips.move(tip)
        new = await service.read(service.store.since, self._tip)
        # There may be more by now than when the tip was read.
        tip = new[-1] if new else tip
        for commit in new or (tip,):
            at = self._made.get(commit) or float((await service.read(service.store.change, commit)).time)
            self._position += 1
            service.propagation.committed(commit, at, self._position)
            self._made.pop(commit, None)
        self._tip = tip
        self.tips.move(tip)
        for watcher in list(self._watchers):
            if new is None:
                watcher.put(Event("reset", {"commit": tip}, tip))
            for commit in new or ():
                watcher.put(commit)

    async def _look_at_nodes(self) -> None:
        """Tells of nodes that come, go, catch up or fall behind."""
        service = self._service
        while True:
            await asyncio.sleep(_LOOK_AT_NODES_S)
            if not self._watchers:
                continue
            try:
                found = await service.read(service.fleet_summary)
            except Exception as error:
                log.warning("cannot look at the nodes: %s", error)
                continue
            now = {name: found[name] for name in ("total", "ready", "behind", "lost")}
            before, self._fleet = self._fleet, now
            if before not in ({}, now):
                # How often nodes report is told with the news, and is none.
                self._spread(Event("fleet", {**now, "next_s": found["next_s"]}))

    def _spread(self, event: Event) -> None:
        for watcher in list(self._watchers):
            if self._may_know(watcher.who, event):
                watcher.put(event)

    @staticmethod
    def _may_know(who: Principal, event: Event) -> bool:
        if event.kind == "refused":
            try:
                return who.may(Verb.read, BundlePath.parse(event.data["bundle"]))
            except BundleError:
                return who.may_anywhere(Verb.read)
        return who.may_somewhere(Verb.read) and all(who.may(Verb.read, BundlePath.parse(one)) for one in event.about)
