"""What the routes and the dashboard share: who asks, the threads that work for them, and what is written down of it."""

from __future__ import annotations

import asyncio
import contextvars
import logging
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Literal, ParamSpec, TypeVar

import pygit2
from starlette.requests import Request

from configedge.bundle import BundleError
from configedge.control.archive import StoreError
from configedge.control.audit import Audit
from configedge.control.auth import Principal, Protection, Unauthenticated
from configedge.control.events import Events
from configedge.control.fairness import MOST, MOST_OF_ONE, FairQueue
from configedge.control.fleet import Fleet, MemoryFleet, NodeState, Propagation, summary
from configedge.control.idempotency import KeyReused
from configedge.control.metrics import Metrics
from configedge.control.pacing import Pacing
from configedge.control.proposals import Proposals
from configedge.control.rates import Rates
from configedge.control.reach import Reach
from configedge.control.reading import Forbidden, Reading
from configedge.control.remote import Unreachable
from configedge.control.store import Full, Store
from configedge.control.traces import Tracing
from configedge.control.writing import ApprovalRequired, Writing
from configedge.kube.receiver import Receiver

log = logging.getLogger(__name__)

P = ParamSpec("P")
T = TypeVar("T")

Identify = Callable[[Sequence[str]], Principal]
"""Who has these values of the Authorization header. Raises Unauthenticated; may block."""
Check = Callable[[], str | None]
"""Says what is wrong with a part of the process, None if nothing is."""

_OBJECT_ID = re.compile(r"[0-9a-f]{40}", re.ASCII)


class Busy(Exception):
    """There is no room for more now."""


class Bodies:
    """How much memory the bodies of requests may take together. For the event loop's thread.

    Small ones do not count: there is always room for those. One that needs more than all of it can have all of it.
    """

    SMALL = 64 << 10
    MOST = 64 << 20

    def __init__(self) -> None:
        self._left = self.MOST

    def take(self, size: int, held: int) -> int:
        """Room for so many bytes more, for a request that holds some: how many it holds then. Raises Busy."""
        wanted = min(size, self.MOST - held)
        if wanted > self._left:
            raise Busy("there is no room for a body of this size now; try again in a second")
        self._left -= wanted
        return held + wanted

    def give(self, size: int) -> None:
        self._left += size


@dataclass(frozen=True, slots=True)
class Parts:
    """What a control plane is put together from, beside its store."""

    identify: Identify
    protections: Callable[[], Sequence[Protection]] = tuple
    tokens: Any = None
    """auth.Tokens, or None where nobody needs one."""
    audit: Audit | None = None
    fleet: Fleet = field(default_factory=MemoryFleet)
    tracing: Tracing = field(default_factory=Tracing)
    checks: Mapping[str, Check] = field(default_factory=dict)
    """Further parts of the process that /readyz asks."""
    rates: Rates = field(default_factory=Rates)
    asks: bool = True
    """Whether callers have to say who they are."""
    receiver: Receiver | None = None
    """Who is told of commits, beside those that watch."""


class Service:
    """The store behind threads: one for writes and one for dry runs, by turns of their subjects; a few for reads."""

    def __init__(self, store: Store, parts: Parts, metrics: Callable[[Service], Metrics]) -> None:
        self.store = store
        self.parts = parts
        self.reading = Reading(store)
        self.writing = Writing(store, parts.protections)
        self.proposals = Proposals(self.writing)
        self.events = Events(self)
        self.propagation = Propagation()
        self.pacing = Pacing()
        self.reach = Reach(store, longest_s=self.pacing.lost_s)
        self.metrics = metrics(self)
        self.rates = parts.rates
        self.bodies = Bodies()
        self.checks: dict[str, Check] = {"audit": self.audit_problem, **parts.checks}
        self._identifiers = ThreadPoolExecutor(2, "identify")
        self._readers = ThreadPoolExecutor(4, "read")
        self.writer = self._fair("write")
        self.trier = self._fair("try")
        self._audit_problem: str | None = None
        if (repaired := store.repository.repaired) is not None:
            self.note("configedge", "repository.repaired", "main", "allowed", commit=store.tip(), detail=repaired.text)
            if repaired.lost:
                # Until somebody has seen it, and restarts.
                self.checks["repository"] = lambda: repaired.text
        store.on_retry.append(self.metrics.retried)
        self.writing.on_committed.append(self.metrics.commit)

    @staticmethod
    def of(request: Request) -> Service:
        service: Service = request.app.state.service
        return service

    async def read(self, call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        # In the caller's context: its trace goes with it.
        context = contextvars.copy_context()
        work = lambda: context.run(lambda: _looking(call, *args, **kwargs))  # noqa: E731
        return await asyncio.get_running_loop().run_in_executor(self._readers, work)

    async def identify(self, values: Sequence[str]) -> Principal:
        """Who has these values of the Authorization header; not behind what others read. Raises Unauthenticated."""
        return await asyncio.get_running_loop().run_in_executor(self._identifiers, self.parts.identify, values)

    async def ask(self, who: Principal, request_id: str, call: Callable[..., T], *args: Any) -> T:
        """A question of somebody, which is written down if it is denied."""
        return await self._asked(who, request_id, self.read(call, who, *args))

    async def ask_planner(self, who: Principal, request_id: str, call: Callable[..., T], *args: Any) -> T:
        """One that takes a plan, of which nothing is kept. Raises Crowded."""
        return await self._asked(who, request_id, self._queued(self.trier, who, lambda: call(who, *args)))

    async def _asked(self, who: Principal, request_id: str, answer: Awaitable[T]) -> T:
        try:
            return await answer
        except Forbidden as error:
            await self.read(self.note, who.subject, f"{error.verb}", error.target, "denied", request_id=request_id)
            raise

    async def act(
        self,
        who: Principal,
        request_id: str,
        action: str,
        target: str,
        call: Callable[[], dict[str, Any]],
        *,
        trial: bool = False,
    ) -> dict[str, Any]:
        """A change by somebody, which is written down whatever comes of it. With `trial` nothing will be changed.

        It waits for its turn. Raises Crowded, which is not written down, and what `call` raises.
        """

        def work() -> dict[str, Any]:
            self._need_audit()
            try:
                done = call()
            except (Forbidden, ApprovalRequired) as error:
                self.note(who.subject, action, target, "denied", request_id=request_id, detail=str(error))
                self.events.refused(who.subject, target, "denied", str(error))
                raise
            except (BundleError, StoreError, KeyReused, Unreachable) as error:
                code = error.problems[0].code if isinstance(error, BundleError) else type(error).__name__.lower()
                # Of what is wrong only what and where: the text of a message may have a value in it.
                where = (
                    ", ".join(sorted({p.key for p in error.problems}))[:300] if isinstance(error, BundleError) else ""
                )
                detail = f"{code} {where}".strip()
                self.note(who.subject, action, target, "failed", request_id=request_id, detail=detail)
                self.events.refused(who.subject, target, code, where)
                raise
            if not done.get("dry_run"):
                commit = str(done.get("commit") or "")
                self.note(who.subject, action, target, "allowed", commit=commit, request_id=request_id)
            return done

        # What changes nothing takes as long: no write waits for it.
        return await self._queued(self.trier if trial else self.writer, who, work)

    def _fair(self, name: Literal["write", "try"]) -> FairQueue:
        metrics = self.metrics
        # Where nobody is asked, one subject is all callers.
        most_of_one = MOST_OF_ONE if self.parts.asks else MOST
        return FairQueue(name, partial(metrics.queued, name), partial(metrics.crowded, name), most_of_one=most_of_one)

    @staticmethod
    async def _queued(queue: FairQueue, who: Principal, call: Callable[[], T]) -> T:
        context = contextvars.copy_context()
        return await asyncio.wrap_future(queue.submit(who.subject, lambda: context.run(_looking, call)))

    def unknown(self, refused: Unauthenticated, target: str, request_id: str) -> None:
        """Writes down that nobody knows who asked."""
        if refused.noted:
            more = f" ({refused.skipped} more were not noted)" if refused.skipped else ""
            self.note("unknown", "authenticate", target, "denied", request_id=request_id, detail=f"{refused}{more}")

    def note(
        self,
        subject: str,
        action: str,
        target: str,
        outcome: Literal["allowed", "denied", "failed"],
        *,
        commit: str = "",
        request_id: str = "",
        detail: str = "",
    ) -> None:
        """An entry for the audit. What has happened cannot be undone, so this only tells if it fails."""
        if self.parts.audit is None:
            return
        try:
            self.parts.audit.append(
                subject=subject,
                action=action,
                target=target,
                outcome=outcome,
                commit=commit,
                request_id=request_id,
                detail=detail,
            )
            self._audit_problem = None
        except Exception as error:
            self._audit_problem = f"the audit cannot be written ({error}); free space or correct it"
            log.critical("not audited: %s %s %s by %s: %s", outcome, action, target, subject, error)

    def fleet_summary(self, nodes: Sequence[NodeState] | None = None) -> dict[str, Any]:
        """The fleet in numbers. Raises FleetUnavailable."""
        found = self.parts.fleet.nodes() if nodes is None else nodes
        store = self.store
        return summary(
            found, store.tip(), lambda commit: float(store.change(commit).time), self.propagation.missed_since
        )

    def audit_problem(self) -> str | None:
        audit = self.parts.audit
        if audit is not None and not audit.has_room():
            return f"the file system of the audit {audit.path} is full; free space"
        return self._audit_problem

    def _need_audit(self) -> None:
        """Nothing is changed that could not be written down."""
        if self._audit_problem is not None:
            self.note("configedge", "audit.resumed", "audit", "allowed")
        if (problem := self.audit_problem()) is not None:
            raise Full(f"{problem}, then try again")

    def close(self) -> None:
        """Waits for the commit that is under way; writes that still queue were never acknowledged and are dropped."""
        self.events.close()
        self.writer.close()
        self.trier.close()
        self.writing.close()
        self._readers.shutdown(cancel_futures=True)
        self._identifiers.shutdown(cancel_futures=True)
        self.parts.fleet.close()
        self.parts.tracing.close()
        if self.parts.audit is not None:
            self.parts.audit.close()


def _looking(call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """What the call gives. An object that the repository lost is told as that: to pygit2 it is a KeyError."""
    try:
        return call(*args, **kwargs)
    except KeyError as error:
        if isinstance(error, pygit2.GitError) or not _OBJECT_ID.fullmatch(str(error.args[0] if error.args else "")):
            raise
        raise pygit2.GitError(f"the object {error.args[0]} cannot be found") from error
    except OSError as error:
        # What pygit2 makes of a file of the repository that cannot be read.
        raise pygit2.GitError(str(error)) from error
