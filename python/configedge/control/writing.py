"""What may be changed, by somebody who may: planned, checked for approvals, committed, in the API's shapes.

Everything here runs in the one writer thread, so that writes queue in order.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from configedge.bundle import BundlePath
from configedge.control import layout
from configedge.control.archive import NotFound
from configedge.control.auth import Principal, Protection, Verb
from configedge.control.changes import Effect, Exact, Operation, Plan, Planner, named
from configedge.control.idempotency import Key
from configedge.control.reading import require, require_everywhere, seen_by, told_to
from configedge.control.scratch import Scratch
from configedge.control.stages import Stages
from configedge.control.store import Advanced, Draft, Identity, Precondition, Stale, Store, message_of

Document = dict[str, Any]
ANYTHING = Precondition(anyhow=True)


class ApprovalRequired(Exception):
    """A protected path: somebody else has to approve the change first."""

    def __init__(self, protected: Sequence[BundlePath], approvals: int) -> None:
        paths = ", ".join(map(str, protected[:5]))
        people = "another person" if approvals == 1 else f"{approvals} other persons"
        super().__init__(f"{paths} is protected: propose the change (POST /v1/proposals), and let {people} approve it")


@dataclass(frozen=True, slots=True)
class Request:
    """Who asks for a change, and how."""

    who: Principal
    request_id: str
    note: str = ""
    """What the client wants the history to say."""
    dry_run: bool = False
    revive: bool = False
    key: Key | None = None

    @property
    def identity(self) -> Identity:
        return Identity(self.who.name, self.who.email)

    def message(self, summary: str) -> str:
        return message_of(summary, self.note, self.who.subject, self.request_id)


class Writing:
    """The changes. Each raises Forbidden, ApprovalRequired, and what planning and committing raise."""

    def __init__(self, store: Store, protections: Callable[[], Sequence[Protection]]) -> None:
        self.store = store
        self.planner = Planner(store)
        self._scratch = Scratch(store.repository.path)
        self._trier = Planner(store, self._scratch)
        self._protections = protections
        self.on_committed: list[Callable[[float], None]] = []
        """Called with the seconds that Git took for each commit."""

    def change(
        self,
        request: Request,
        operations: Sequence[Operation],
        verb: Verb = Verb.write,
        *,
        any_number: bool = False,
        stages: Stages | None = None,
    ) -> Document:
        """Several documents in one commit; with `verb` read, never a commit."""
        for operation in operations:
            require(request.who, verb, operation.path)
        return self._do(
            request,
            lambda tip: (operations, None, None),
            dry_run=request.dry_run or verb is Verb.read,
            at_once=any_number,
            stages=stages or Stages(),
        )

    def roll_back(self, request: Request, path: BundlePath, to: str, need: Precondition, overlays: bool) -> Document:
        """A bundle, with its overlays if asked, as it was at a commit: a new commit with the old text."""
        require(request.who, Verb.write, path)
        then = self.store.on_main(to)

        def operations(tip: str) -> tuple[Sequence[Operation], None, str]:
            found = [self._restored(path, then, need)]
            if overlays and not path.layer:
                both = {one.path for at in (tip, then) for one in self.store.overlays(path, at)}
                for overlay in sorted(both):
                    require(request.who, Verb.write, overlay)
                    found.append(self._restored(overlay, then, ANYTHING))
            if found[0].wanted is None and self._etag(path, tip) is None:
                raise NotFound(f"there is no bundle {path}, neither now nor at {then}")
            return found, None, f"Roll {path} back to {then[:12]}"

        return self._do(request, operations)

    def roll_all_back(self, request: Request, to: str, tip: str | None) -> Document:
        """Every bundle, overlay and policy as at a commit. `tip` is what main must still be at; None: whatever."""
        require_everywhere(request.who, Verb.admin)
        then = self.store.on_main(to)

        def operations(now: str) -> tuple[Sequence[Operation], layout.Files, str]:
            if tip is not None and tip != now:
                raise Stale("main has moved since you read it", now)
            found = [self._restored(path, then, ANYTHING) for path in self.store.touched(then, now)]
            policies = layout.policies_id(self.store.repo, then)
            extra = {"policies": self.store.repo[policies].id if policies else None}
            return found, extra, f"Roll everything back to {then[:12]}"

        return self._do(request, operations, at_once=True)

    def plan(self, request: Request, operations: Sequence[Operation], tip: str, *, keep: bool = True) -> Plan:
        """What they come to. Unless it is to be kept, nothing of it is written."""
        now = int(time.time())
        return self.planner_for(keep).plan(operations, tip, by=request.who.subject, now=now, revive=request.revive)

    def planner_for(self, keep: bool) -> Planner:
        return self.planner if keep else self._trier

    def close(self) -> None:
        self._scratch.close()

    def needed(self, plan: Plan) -> int:
        """How many others must approve of a plan."""
        rules = [rule for effect in plan.effects for rule in self._covering(effect)]
        rules += [rule for path in plan.governed for rule in self._protections() if rule.covers(path, [""])]
        return max((rule.approvals for rule in rules), default=0)

    def _do(
        self,
        request: Request,
        operations: Callable[[str], tuple[Sequence[Operation], layout.Files | None, str | None]],
        *,
        dry_run: bool | None = None,
        at_once: bool = False,
        stages: Stages | None = None,
    ) -> Document:
        plan: Plan | None = None
        stages = stages or Stages()

        trial = request.dry_run if dry_run is None else dry_run

        def planned(tip: str) -> Plan:
            wanted, extra, summary = operations(tip)
            made = self.planner_for(not trial).plan(
                wanted,
                tip,
                by=request.who.subject,
                now=int(time.time()),
                revive=request.revive,
                extra=extra,
                any_number=at_once,
                stages=stages,
                gate=None if trial else self._refuse_protected,
            )
            return replace(made, summary=summary or made.summary)

        def draft(tip: str) -> Draft:
            nonlocal plan
            plan = planned(tip)
            if needed := self.needed(plan):
                raise ApprovalRequired(plan.governed, needed)
            return Draft(plan.tree, request.message(plan.summary))

        if trial:
            tip = self.store.tip()
            with told_to(request.who):
                plan = seen_by(request.who, planned(tip))
            return reply(plan, Advanced(tip, plan.changed), dry_run=True) | {"needs_approvals": self.needed(plan)}
        with stages.time("whole"):
            advanced = self.store.advance(draft, request.identity, request.key)
        stages.rest("commit", "whole", "check")
        if advanced.changed and not advanced.repeated:
            for tell in self.on_committed:
                tell(stages["commit"] / 1000)
        if advanced.repeated:
            return self._repeated(advanced)
        assert plan is not None, "it was drafted to be committed"
        return reply(plan, advanced)

    def _refuse_protected(self, effects: Sequence[Effect]) -> None:
        rules = {effect.path: self._covering(effect) for effect in effects}
        if protected := [path for path, covering in rules.items() if covering]:
            raise ApprovalRequired(protected, max(rule.approvals for path in protected for rule in rules[path]))

    def _covering(self, effect: Effect) -> list[Protection]:
        if not effect.changed:
            return []
        return [rule for rule in self._protections() if rule.covers(effect.path, effect.touched)]

    def _restored(self, path: BundlePath, then: str, need: Precondition) -> Exact:
        try:
            old: bytes | None = self.store.get(path, then).text
        except NotFound:
            old = None
        return Exact(path, need, old, going_back=True)

    def _etag(self, path: BundlePath, at: str) -> str | None:
        found = layout.find(self.store.repo, at, path)
        return found.blob if found else None

    def _repeated(self, advanced: Advanced) -> Document:
        """What the first request was answered, from its commit."""
        effects = []
        commit = advanced.commit
        parent = self.store.parent(commit)
        for path in self.store.touched(commit):
            document = None
            etag = self._etag(path, commit)
            if etag is not None and (bundle := self.store.get(path, commit).bundle):
                document = bundle.document
            before = self._etag(path, parent) if parent else None
            told: Document = {"before": before, "etag": etag, "document": document, "changed": True}
            effects.append(named(path) | told | {"warnings": [], "changes": []})
        return {
            "commit": commit,
            "dry_run": False,
            "changed": True,
            "repeated": True,
            "message": self.store.change(commit).message,
            "digest": "",
            "effects": effects,
            "nodes": [],
            "warnings": [],
        }


def reply(plan: Plan, advanced: Advanced, *, dry_run: bool = False) -> Document:
    """What a change is answered with."""
    return {
        "commit": advanced.commit,
        "dry_run": dry_run,
        "changed": advanced.changed,
        "repeated": False,
        "message": plan.summary,
        "digest": plan.digest,
        "effects": [effect.as_dict() for effect in plan.effects],
        "nodes": [one.as_dict() for one in plan.nodes],
        "warnings": [problem.as_dict() for problem in plan.warnings],
    }
