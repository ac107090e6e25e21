"""What goes on beside the requests: fetching from the remote, rendering what others pushed, mirroring, packing."""

from __future__ import annotations

import logging
import random
import subprocess
import threading
import time
from collections.abc import Callable
from types import TracebackType
from typing import Self

from configedge.control.archive import Change, StoreError
from configedge.control.catch_up import OURS, unaudited
from configedge.control.inbound import objections
from configedge.control.layout import BRANCH, LayoutError
from configedge.control.proposals import KEPT_S
from configedge.control.remote import Remote, Unreachable, without_password
from configedge.control.service import Service
from configedge.control.store import Draft, Identity, message_of
from configedge.control.upkeep import FSYNC, Packer

log = logging.getLogger(__name__)

_EVERY_S = 1.0
_AFTER_S = 0.05
_PACK_EVERY_S = 30.0
_FORGET_EVERY_S = 3_600.0
_MIRROR_S = 30.0
_OURS = Identity(OURS, "configedge@localhost")


class Background:
    """One thread. As a context manager it runs until the end."""

    def __init__(self, service: Service, remote: Remote | None, mirror: str | None) -> None:
        self._service = service
        self._store = service.store
        self._remote = remote
        self._mirror = mirror
        self._mirrored = ""
        self._rendered = ""
        # The newest commit that was looked at for the audit.
        self._noted = self._store.tip()
        self._catch_up()
        self._packer = Packer(self._store.repository.path, self._store.staged.unmerged, self._store.exclusively)
        self._pack_at = self._forget_at = time.monotonic()
        self._problem: str | None = None
        self._mirror_problem: str | None = None
        self._wake = threading.Event()
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name="background", daemon=True)
        # Ours that `_note` has not come by.
        self._made: set[str] = set()
        # The newest that is rendered for certain.
        self._own = self._noted if self._store.change(self._noted).subject is not None else ""
        self._store.on_commit.append(self._committed)

    def checks(self) -> dict[str, Callable[[], str | None]]:
        """For /readyz."""
        found: dict[str, Callable[[], str | None]] = {"packing": lambda: self._packer.problem}
        if self._remote is not None:
            remote = self._remote
            found["remote"] = lambda: remote.problem
        if self._mirror is not None:
            found["mirror"] = lambda: self._mirror_problem
        return found

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._stopping = True
        self._wake.set()
        self._thread.join(timeout=2.0)

    def _run(self) -> None:
        while not self._stopping:
            for work in (
                self._fetch,
                self._store.learn,
                self._note,
                self._render,
                self._copy,
                self._pack,
                self._forget,
            ):
                try:
                    work()
                except Exception as error:
                    self._say(f"{work.__name__.strip('_')}: {error}")
            if self._wake.wait(_EVERY_S * random.uniform(0.9, 1.1)) and not self._stopping:
                # Whoever wrote is answered first, and what comes at once is looked at once.
                time.sleep(_AFTER_S)
            self._wake.clear()

    def _committed(self, commit: str, at: float) -> None:
        self._made.add(commit)
        self._own = commit
        self._wake.set()

    def _say(self, problem: str) -> None:
        # Once, however often it is tried.
        if problem != self._problem:
            log.error("%s", problem)
        self._problem = problem

    def _fetch(self) -> None:
        if self._remote is None:
            return
        try:
            self._remote.fetch()
        except Unreachable as error:
            self._say(str(error))

    def _catch_up(self) -> None:
        audit = self._service.parts.audit
        if audit is None:
            return
        for change in unaudited(self._store, audit.path, replicated=self._remote is not None):
            touched = ", ".join(map(str, self._store.touched(change.commit)))
            who, action = (change.subject, "recovered") if change.subject else (f"git:{change.author}", "push")
            detail = "it had no entry: whoever made it was stopped before, or was not there"
            self._service.note(who, action, touched, "allowed", commit=change.commit, detail=detail)

    def _note(self) -> None:
        """Each commit that was pushed, once, for the audit; and each that should not have been, for everybody."""
        tip = self._store.tip()
        if tip == self._noted:
            return
        for commit in self._store.since(self._noted) or (tip,):
            if commit not in self._made:
                self._note_one(self._store.change(commit))
            self._made.discard(commit)
            self._noted = commit

    def _note_one(self, change: Change) -> None:
        protections = self._service.parts.protections()
        found = list(objections(self._store.repo, change.commit, protections, self._store.signers))
        if change.subject is not None and not found:
            # It is in the audit of the control plane that made it.
            return
        touched = ", ".join(str(path) for path in self._store.touched(change.commit))
        who = f"git:{change.author}"
        if not found:
            self._service.note(who, "push", touched, "allowed", commit=change.commit)
            return
        said = f"it is on main, and should not be: {'; '.join(map(str, found[:5]))}"
        log.error("the commit %s by %s: %s", change.commit, change.author, said)
        self._service.note(who, "push", touched, "denied", commit=change.commit, detail=said)
        self._service.events.refused(who, touched, found[0].code, said)

    def _render(self) -> None:
        """What somebody pushed has no rendering yet."""
        tip = self._store.tip()
        if tip == self._rendered:
            return
        if tip == self._own:
            self._rendered = tip
            return
        planner = self._service.writing.planner

        def draft(tip: str) -> Draft:
            tree = planner.rendered(tip)
            return Draft(tree, message_of("Render overlays", "", OURS, tip[:12]))

        try:
            done = self._store.advance(draft, _OURS)
        except (StoreError, LayoutError, Unreachable) as error:
            self._say(f"what was pushed cannot be rendered: {error}")
            return
        self._rendered = done.commit if done.changed else tip

    def _copy(self) -> None:
        if self._mirror is None:
            return
        tip = self._store.tip()
        if tip == self._mirrored:
            return
        # Never by force: a mirror that knows more is what there is to repair from.
        refs = [f"{BRANCH}:{BRANCH}", "+refs/proposals/*:refs/proposals/*"]
        command = ["git", "-c", f"core.fsync={FSYNC}", "-C", str(self._store.repository.path), "push"]
        try:
            done = subprocess.run(
                [*command, "--quiet", self._mirror, *refs],
                capture_output=True,
                text=True,
                errors="replace",
                timeout=_MIRROR_S,
                stdin=subprocess.DEVNULL,
                check=False,
            )
            said = without_password(done.stderr.strip())[:200] if done.returncode != 0 else None
        except subprocess.TimeoutExpired:
            # Its own words have the command in them, and so the URL with its password.
            said = f"no answer within {_MIRROR_S:g} s"
        if said is not None:
            self._mirror_problem = f"the mirror does not take pushes: {said}"
            self._say(self._mirror_problem)
            return
        self._mirror_problem = None
        self._mirrored = tip

    def _forget(self) -> None:
        if time.monotonic() >= self._forget_at:
            self._forget_at = time.monotonic() + _FORGET_EVERY_S
            self._service.proposals.forget(time.time() - KEPT_S)

    def _pack(self) -> None:
        if time.monotonic() >= self._pack_at:
            self._pack_at = time.monotonic() + _PACK_EVERY_S
            self._packer.look()
