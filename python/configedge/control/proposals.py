"""Changes that wait for a second person: proposed, approved, committed.

A proposal is a ref of its own, `refs/proposals/<id>`, whose newest commit has the documents as they are to be and what
became of it. What is approved is a digest over every document as it is and as it is to be: if one of them is another by
then, the approval is of something else, and nothing is committed. Who approved and when is in the tree of the commit on
main (`approvals/<id>.json`), under its signature.
"""

from __future__ import annotations

import json
import re
import secrets
import time
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from typing import Any

import pygit2

from configedge.bundle import BundleError, BundlePath
from configedge.control import layout
from configedge.control.archive import NotFound, StoreError, Unwritable
from configedge.control.auth import Principal, Verb
from configedge.control.changes import Exact, Operation, Plan
from configedge.control.reading import Forbidden, problems, require, seen_by, told_to
from configedge.control.refs import Moved
from configedge.control.remote import PROPOSALS
from configedge.control.store import Advanced, Draft, Identity, Move, Precondition, Stale, message_of, refuse
from configedge.control.writing import Request, Writing, reply

Document = dict[str, Any]

_ID = re.compile(r"[0-9a-f]{16}", re.ASCII)
_MOST_OPEN = 500
KEPT_S = 30 * 86_400
"""So long one that ended can be looked at."""


class State(StrEnum):
    open = "open"
    committed = "committed"
    rejected = "rejected"
    withdrawn = "withdrawn"


class NotAllowed(StoreError):
    """The proposal is not in a state, or its author not in a position, for that."""


@dataclass(frozen=True, slots=True)
class Person:
    subject: str
    name: str
    time: int
    email: str = ""
    owner: str = ""
    """Who made the token, if it is one. An admin makes tokens for many, so two of the same maker are two people."""

    @classmethod
    def of(cls, who: Principal) -> Person:
        return cls(who.subject, who.name, int(time.time()), who.email, who.owner)

    def is_of(self, who: Principal) -> bool:
        """Whether it is the same person, or one of the two is a token that the other made."""
        return who.subject in (self.subject, self.owner) or self.subject == who.owner


@dataclass(frozen=True, slots=True)
class Change:
    """One document. The text it is to have is in the proposal's tree."""

    bundle: str
    before: str | None
    after: str | None

    @property
    def path(self) -> BundlePath:
        return BundlePath.parse(self.bundle)


@dataclass(frozen=True, slots=True)
class Proposal:
    id: str
    state: State
    author: Person
    message: str
    base: str
    """The commit that it was computed on."""
    digest: str
    needed: int
    revive: bool
    changes: tuple[Change, ...]
    approvals: tuple[Person, ...] = ()
    commit: str | None = None
    reason: str | None = None

    def as_dict(self) -> Document:
        def shown(person: Person) -> Document:
            return {"subject": person.subject, "name": person.name, "time": person.time}

        return {
            "id": self.id,
            "state": self.state.value,
            "message": self.message,
            "author": shown(self.author),
            "time": self.author.time,
            "base": self.base,
            "digest": self.digest,
            "bundles": [change.bundle for change in self.changes],
            "approvals": [shown(person) for person in self.approvals],
            "needed": self.needed,
            "commit": self.commit,
            "reason": self.reason,
        }


class Proposals:
    """All of a store's. Writes run in the writer thread. Each raises Forbidden, NotFound and what planning raises."""

    def __init__(self, writing: Writing) -> None:
        self._writing = writing
        self._store = writing.store

    # Reading

    def listed(self, who: Principal, only_open: bool) -> Document:
        """Those of which somebody may read every document, the newest first."""
        found = [proposal for proposal in self._all() if not only_open or proposal.state is State.open]
        shown = [one for one in found if all(who.may(Verb.read, change.path) for change in one.changes)]
        return {"items": [one.as_dict() for one in sorted(shown, key=lambda one: -one.author.time)]}

    def get(self, who: Principal, id: str) -> Document:
        """One, with what it would do now."""
        proposal = self._seen(who, id)
        told = proposal.as_dict()
        if proposal.state is not State.open:
            return told | {"effects": [], "nodes": [], "warnings": [], "stale": False, "problems": []}
        try:
            with told_to(who):
                plan = seen_by(who, self._plan(proposal, keep=False))
        except (BundleError, StoreError) as error:
            found = problems(error.problems) if isinstance(error, BundleError) else []
            stale = isinstance(error, Stale)
            return told | {"effects": [], "nodes": [], "warnings": [], "stale": stale, "problems": found}
        stale = plan.digest != proposal.digest
        return told | {
            "effects": [effect.as_dict() for effect in plan.effects],
            "nodes": [one.as_dict() for one in plan.nodes],
            "warnings": problems(plan.warnings),
            "stale": stale,
            "problems": [],
        }

    def count_open(self) -> int:
        return sum(proposal.state is State.open for proposal in self._all())

    # Writing

    def propose(self, request: Request, operations: Sequence[Operation]) -> Document:
        """Keeps a change until it is approved. Raises Conflict if it would change nothing."""
        for operation in operations:
            require(request.who, Verb.write, operation.path)
        if self.count_open() >= _MOST_OPEN:
            raise NotAllowed(f"{_MOST_OPEN} proposals are open; have some approved, rejected or withdrawn first")
        if request.dry_run:
            proposal, plan = self._proposed(request, operations)
            return proposal.as_dict() | reply_of(plan)
        with self._store.exclusively():
            proposal, plan = self._proposed(request, operations)
            texts = {effect.path.git: effect.after for effect in plan.effects if effect.after is not None}
            self._save(proposal, request, texts, new=True)
        return proposal.as_dict() | reply_of(plan)

    def _proposed(self, request: Request, operations: Sequence[Operation]) -> tuple[Proposal, Plan]:
        tip = self._store.tip()
        plan = self._writing.plan(request, operations, tip, keep=not request.dry_run)
        if not plan.changed:
            raise NotAllowed("it would change nothing; there is nothing to approve")
        author = Person.of(request.who)
        changes = tuple(
            Change(str(effect.path), effect.before, effect.after) for effect in plan.effects if effect.changed
        )
        proposal = Proposal(
            secrets.token_hex(8),
            State.open,
            author,
            request.note,
            tip,
            plan.digest,
            max(1, self._writing.needed(plan)),
            request.revive,
            changes,
        )
        return proposal, plan

    def approve(self, request: Request, id: str, digest: str) -> Document:
        """One more person's approval of exactly this; commits it if that was the last one needed."""
        # Another replica may have closed it.
        self._store.refresh()
        proposal = self._open(request.who, id)
        who = request.who
        for change in proposal.changes:
            require(who, Verb.approve, change.path)
        if proposal.author.is_of(who):
            raise NotAllowed("nobody approves of a change of their own, nor by a token; ask somebody else")
        if digest != proposal.digest:
            raise Stale("the digest is not that of this proposal; look at it again", None)
        approvals = proposal.approvals
        if not any(person.is_of(who) for person in approvals):
            approvals += (Person.of(who),)
        approved = replace(proposal, approvals=approvals)
        plan = self._plan(approved, keep=False)
        if plan.digest != proposal.digest:
            raise Stale("what it changes has changed since; propose it again", None)
        # What protects it may have become stricter since.
        needed = max(proposal.needed, self._writing.needed(plan))
        approved = replace(approved, needed=needed)
        if request.dry_run:
            return approved.as_dict()
        if len(approvals) >= needed:
            commit = self._commit(approved, request)
            return replace(approved, state=State.committed, commit=commit).as_dict()
        self._save(approved, request)
        return approved.as_dict()

    def reject(self, request: Request, id: str, reason: str) -> Document:
        self._store.refresh()
        proposal = self._open(request.who, id)
        for change in proposal.changes:
            require(request.who, Verb.approve, change.path)
        return self._end(request, replace(proposal, state=State.rejected, reason=reason))

    def withdraw(self, request: Request, id: str) -> Document:
        """Its author's change of mind."""
        self._store.refresh()
        proposal = self._open(request.who, id)
        if request.who.subject != proposal.author.subject:
            raise NotAllowed(f"it is {proposal.author.name}'s; reject it if it must go")
        return self._end(request, replace(proposal, state=State.withdrawn))

    def forget(self, before: float) -> int:
        """Removes what ended before that time, in Unix seconds; gives how many. Open ones stay, whatever their age.

        What was approved of stays in main. Raises Unreachable, GitError.
        """
        ended = [one for one in self._all() if one.state is not State.open]
        old = [one for one in ended if self._newest(one.id).commit_time < before]
        for proposal in old:
            with self._store.exclusively():
                self._store.drop(PROPOSALS + proposal.id, str(self._newest(proposal.id).id))
        return len(old)

    # Inside

    def _end(self, request: Request, proposal: Proposal) -> Document:
        if not request.dry_run:
            self._save(proposal, request)
        return proposal.as_dict()

    def _commit(self, proposal: Proposal, request: Request) -> str:
        record = {
            "proposal": proposal.id,
            "digest": proposal.digest,
            "message": proposal.message,
            "changes": [asdict(change) for change in proposal.changes],
            "proposed": asdict(proposal.author),
            "approved": [asdict(person) for person in proposal.approvals],
        }
        author = Identity(proposal.author.name, proposal.author.email or "unknown@localhost")

        def draft(tip: str) -> Draft:
            approvals = self._store.stage.create_blob(_text(record))
            extra: layout.Files = {f"approvals/{proposal.id}.json": approvals}
            plan = self._plan(proposal, tip, extra)
            if plan.digest != proposal.digest:
                raise Stale("what it changes has changed since; propose it again", None)
            names = ", ".join(person.name for person in proposal.approvals)
            note = f"{proposal.message}\nProposal {proposal.id}, approved by {names}".strip()
            subject = f"{proposal.author.subject}"
            message = message_of(plan.summary, note, subject, request.request_id)

            def closed(commit: str) -> Move:
                return self._move_to(replace(proposal, state=State.committed, commit=commit), request)

            # With it, not after it: nobody can close the proposal in between.
            return Draft(plan.tree, message, closed)

        return self._store.advance(draft, author).commit

    def _plan(
        self, proposal: Proposal, tip: str | None = None, extra: layout.Files | None = None, *, keep: bool = True
    ) -> Plan:
        return self._writing.planner_for(keep).plan(
            self._operations(proposal),
            tip or self._store.tip(),
            by=proposal.author.subject,
            now=int(time.time()),
            revive=proposal.revive,
            extra=extra,
        )

    def _operations(self, proposal: Proposal) -> list[Operation]:
        tree = self._newest(proposal.id).tree
        found: list[Operation] = []
        for change in proposal.changes:
            absent = change.before is None
            need = Precondition(frozenset({change.before or ""}), absent=absent)
            entry = layout.entry_at(self._store.repo, tree, change.path.git)
            text = self._store.repo.odb.read(entry.id)[1] if entry is not None else None
            if (str(entry.id) if entry is not None else None) != change.after:
                raise NotAllowed(f"the proposal {proposal.id} has another text than it says; propose it again")
            found.append(Exact(change.path, need, text))
        return found

    def _all(self) -> Iterable[Proposal]:
        for name in list(self._store.repo.references.iterator()):
            if name.name.startswith(PROPOSALS):
                try:
                    yield self._load(name.name.removeprefix(PROPOSALS))
                except NotFound:
                    continue

    def _seen(self, who: Principal, id: str) -> Proposal:
        """Raises Forbidden: alike for one that is not there and one of which somebody may not read every document."""
        try:
            proposal = self._load(id)
        except NotFound:
            if who.may_anywhere(Verb.read):
                raise
        else:
            if all(who.may(Verb.read, change.path) for change in proposal.changes):
                return proposal
        raise Forbidden(who, Verb.read, called(id))

    def _open(self, who: Principal, id: str) -> Proposal:
        proposal = self._seen(who, id)
        if proposal.state is not State.open:
            raise NotAllowed(f"the proposal {id} is {proposal.state.value} already")
        return proposal

    def _load(self, id: str) -> Proposal:
        try:
            entry = self._newest(id).tree["proposal.json"]
            record = json.loads(self._store.repo.odb.read(entry.id)[1])
            proposal = _read(id, record)
        except (KeyError, TypeError, ValueError):
            raise NotFound(f"there is no proposal {id[:40]!r}") from None
        record_of = f"approvals/{id}.json"
        if proposal.state is State.open and (text := self._store.file(record_of)) is not None:
            # We were stopped between the commit and saying so.
            try:
                approved = tuple(Person(**person) for person in json.loads(text)["approved"])
            except (KeyError, TypeError, ValueError):
                approved = ()
            commit = self._store.since_when(record_of)
            return replace(proposal, state=State.committed, approvals=approved, commit=commit)
        return proposal

    def _newest(self, id: str) -> pygit2.Commit:
        if not _ID.fullmatch(id):
            raise NotFound(f"there is no proposal {id[:40]!r}")
        try:
            return self._store.repo.references[PROPOSALS + id].peel(pygit2.Commit)
        except KeyError:
            raise NotFound(f"there is no proposal {id}") from None

    def _save(
        self, proposal: Proposal, request: Request, texts: dict[str, str] | None = None, new: bool = False
    ) -> None:
        try:
            with self._store.exclusively():
                self._store.move(self._move_to(proposal, request, texts, new))
        except Moved as error:
            raise Unwritable(f"somebody else changed the proposal meanwhile ({error}); try again") from error
        except (pygit2.GitError, OSError) as error:
            refuse(error, self._store.repository.path)

    def _move_to(
        self, proposal: Proposal, request: Request, texts: dict[str, str] | None = None, new: bool = False
    ) -> Move:
        repo = self._store.stage
        files: dict[str, pygit2.Oid | None] = {"proposal.json": repo.create_blob(_text(_record(proposal)))}
        files |= {path: pygit2.Oid(hex=blob) for path, blob in (texts or {}).items()}
        before = None if new else self._newest(proposal.id)
        tree = layout.changed(repo, layout.root(repo, str(before.id)) if before is not None else None, files)
        who = pygit2.Signature(request.who.name, request.who.email)
        summary = f"Proposal {proposal.id}: {proposal.state.value}"
        message = message_of(summary, proposal.message, request.who.subject, request.request_id)
        commit = self._store.make_commit(who, message, tree, [str(before.id)] if before is not None else [])
        return Move(PROPOSALS + proposal.id, commit, str(before.id) if before is not None else None)


def called(id: str) -> str:
    """How logs and the audit name a proposal. What is no id may be anything, a secret too."""
    return f"proposal {id}" if _ID.fullmatch(id) else "a proposal"


def reply_of(plan: Plan) -> Document:
    """What a plan does, beside what a proposal says of itself."""
    told = reply(plan, Advanced(plan.tip, plan.changed))
    return {name: told[name] for name in ("effects", "nodes", "warnings")}


def _text(record: Document) -> bytes:
    return (json.dumps(record, indent=1, ensure_ascii=False) + "\n").encode()


def _record(proposal: Proposal) -> Document:
    return asdict(proposal) | {"state": proposal.state.value}


def _read(id: str, record: Document) -> Proposal:
    people = [Person(**person) for person in record["approvals"]]
    return Proposal(
        id,
        State(record["state"]),
        Person(**record["author"]),
        record["message"],
        record["base"],
        record["digest"],
        record["needed"],
        record["revive"],
        tuple(Change(**change) for change in record["changes"]),
        tuple(people),
        record["commit"],
        record["reason"],
    )
