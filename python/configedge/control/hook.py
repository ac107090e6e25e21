"""`git push` to the control plane's repository: what comes is checked before it is taken.

Git runs this as the repository's pre-receive hook, with the pushed objects set apart; what it writes the pusher sees.
"""

from __future__ import annotations

import json
import os
import shlex
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pygit2

from configedge import _core
from configedge.bundle import Bundle, BundleError, BundlePath, Problem
from configedge.control import layers, layout
from configedge.control.archive import SUBJECT
from configedge.control.auth import Protection
from configedge.control.diff import touched_keys
from configedge.control.idempotency import TRAILER
from configedge.control.layout import BRANCH
from configedge.control.vouching import Vouching
from configedge.signing import SigningError

_SETTINGS = "configedge-hook.json"
_OURS = ("rendered", "approvals", "tombstones")
_ZERO = "0" * 40
_MOST_PUSHED = 10_000
_MARK = "configedge.control.hook"


class ForeignHook(Exception):
    """Somebody's own hook is where ours has to be."""


def install(
    repository: Path, protections: Sequence[Protection], refusal: str | None, vouching: Vouching | None = None
) -> None:
    """Makes Git run this. `refusal`: pushes are not taken here at all, and why. Raises OSError, ForeignHook.

    With `vouching` only a commit that it takes may become the newest.
    """
    there = repository / "hooks" / "pre-receive"
    if there.exists() and _MARK not in there.read_text(errors="replace"):
        raise ForeignHook(f"{there} is not ours; move it away, or what it does into a check before the push")
    settings = {
        "protected": [asdict(rule) for rule in protections],
        "refusal": refusal,
        "vouching": vouching.options() if vouching is not None else None,
    }
    _write(repository / _SETTINGS, json.dumps(settings), 0o644)
    hooks = repository / "hooks"
    hooks.mkdir(exist_ok=True)
    _write(hooks / "pre-receive", f"#!/bin/sh\nexec {shlex.quote(sys.executable)} -m {_MARK}\n", 0o755)


def main() -> int:
    """Reads the updates that Git wants to make; gives 0 to let it."""
    repo = pygit2.Repository(os.environ.get("GIT_DIR", "."))
    if quarantine := os.environ.get("GIT_QUARANTINE_PATH"):
        repo.odb.add_disk_alternate(quarantine)
    settings = json.loads((Path(repo.path) / _SETTINGS).read_text())
    protections = [Protection(**rule) for rule in settings["protected"]]
    found: list[str] = []
    for line in sys.stdin:
        old, new, ref = line.split()
        if settings["refusal"] is not None:
            found.append(settings["refusal"])
        elif ref.startswith("refs/proposals/"):
            found.append(f"{ref}: proposals are made over the API")
        elif ref == BRANCH:
            found += [str(problem) for problem in check(repo, old, new, protections)]
            found += _unsigned(repo, new, settings["vouching"])
    for text in found[:50]:
        print(text, file=sys.stderr)
    if found:
        print("Nothing was taken. Correct this and push again.", file=sys.stderr)
    return 1 if found else 0


def _unsigned(repo: pygit2.Repository, new: str, vouching: Mapping[str, str] | None) -> Iterator[str]:
    """The control plane would sign what is on top of it."""
    if vouching is None or new == _ZERO:
        return
    try:
        said = Vouching.of(vouching).objection(repo, new)
    except SigningError as error:
        said = str(error)
    if said:
        told = "the control plane signs what is on top, so it takes what one of its --allowed-signers signed"
        yield f"the commit {new[:12]}: {said}; {told}"


def check(repo: pygit2.Repository, old: str, new: str, protections: Iterable[Protection]) -> list[Problem]:
    """Why main must not go from one commit to the other; empty if it may."""
    if new == _ZERO:
        return [Problem.of("branch", "main cannot be deleted", "push a commit")]
    after = repo[new].peel(pygit2.Commit)
    before = repo[old].peel(pygit2.Commit) if old != _ZERO else None
    try:
        return [
            *_sideways(before, after),
            *_forged(repo, before, after),
            *not_theirs(before, after),
            *unapproved(repo, before, after, tuple(protections)),
            *_problems(repo, before, after, tuple(protections)),
        ]
    except layout.LayoutError as error:
        return [Problem.of("layout", str(error), "")]


def _problems(
    repo: pygit2.Repository, before: pygit2.Commit | None, after: pygit2.Commit, protections: Sequence[Protection]
) -> Iterator[Problem]:
    was, now = before.tree if before is not None else None, after.tree
    policies_id = layout.policies_id(repo, str(after.id))
    policies = _core.Policies(layout.policy_files(repo, policies_id))
    changed = set(layout.touched(was, now))
    paths = set(changed)
    others = _id(was, "policies") != _id(now, "policies")
    if others:
        paths |= {found.path for found in layout.bundles(repo, str(after.id))}
    for path in sorted(paths):
        old, new = (_document(repo, commit, path) for commit in (before, after))
        if new is not None:
            try:
                served = (
                    _core.check_bundle(old, path.git, policies).size if old is not None and not path.layer else None
                )
                own = None if path.layer else policies
                bundle = Bundle.parse(new, path.git, own, served if path in changed and served != (0, 0) else None)
                if bundle.path != path.base:
                    yield Problem.of("name", f"the document says it is {bundle.path}", "rename one", file=path.git)
                if path.layer:
                    layers.check_overlay(bundle.document, path.git)
            except BundleError as error:
                yield from error.problems
                continue
        governed = others and not path.layer and bool((_values(new) or {"spec": {}})["spec"].get("policies"))
        if governed and any(rule.covers(path, [""]) for rule in protections):
            yield _protected(path)
    for one in layers.Renderer().render(repo, now.id, policies, policies_id)[1]:
        yield from one.problems


def not_theirs(before: pygit2.Commit | None, after: pygit2.Commit) -> Iterator[Problem]:
    """Changes of what only the control plane changes."""
    for name in _OURS:
        if _id(before.tree if before is not None else None, name) != _id(after.tree, name):
            yield Problem.of(
                "layout", "this is the control plane's own, and follows by itself", "leave it as it is", file=name
            )


def unapproved(
    repo: pygit2.Repository, before: pygit2.Commit | None, after: pygit2.Commit, protections: Sequence[Protection]
) -> Iterator[Problem]:
    """Changes of documents that are protected."""
    for path in layout.touched(before.tree if before is not None else None, after.tree) if protections else ():
        try:
            old, new = (_document(repo, commit, path) for commit in (before, after))
        except BundleError:
            # A link, for one: what it is of nobody knows.
            old = new = None
        keys = touched_keys(_values(old), _values(new)) if old is not None or new is not None else [""]
        if any(rule.covers(path, keys) for rule in protections):
            yield _protected(path)


def _protected(path: BundlePath) -> Problem:
    return Problem.of("approval-required", "it is protected", "propose the change over the API instead", file=path.git)


def ends_as_ours(commit: pygit2.Commit) -> bool:
    """Whether it says what only a control plane says of a commit: who it was to it, or which request."""
    last = layout.message(commit).strip().rpartition("\n\n")[2]
    return last.startswith(SUBJECT) or TRAILER.search(last) is not None


def _sideways(before: pygit2.Commit | None, after: pygit2.Commit) -> Iterator[Problem]:
    """A merge of main into something else: its commits would be in no history that follows first parents."""
    at: pygit2.Commit | None = after
    for _ in range(_MOST_PUSHED):
        if before is None or (at is not None and at.id == before.id):
            return
        if at is None:
            break
        at = at.parents[0] if at.parents else None
    yield Problem.of("branch", "main is not what this builds on by first parents", "git pull --rebase, then push again")


def _forged(repo: pygit2.Repository, before: pygit2.Commit | None, after: pygit2.Commit) -> Iterator[Problem]:
    """Commits that say what only the control plane says of a commit: who it was to it, or which request."""
    new = repo.walk(after.id)
    if before is not None:
        new.hide(before.id)
    for commit in new:
        if ends_as_ours(commit):
            message = f"the commit {commit.short_id} ends as the control plane's own do"
            yield Problem.of("message", message, "take the last paragraph out of its message (git rebase -i, reword)")


def _id(tree: pygit2.Tree | None, name: str) -> str | None:
    return str(tree[name].id) if tree is not None and name in tree else None


def _document(repo: pygit2.Repository, commit: pygit2.Commit | None, path: Any) -> bytes | None:
    if commit is None:
        return None
    found = layout.find(repo, str(commit.id), path)
    return found.read(repo) if found is not None else None


def _values(text: bytes | None) -> dict[str, Any] | None:
    if text is None:
        return None
    read = _core.check_bundle(text, "bundle.yaml").document
    return json.loads(read) if read is not None else None


def _write(path: Path, text: str, mode: int) -> None:
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    temporary.write_text(text)
    temporary.chmod(mode)
    temporary.rename(path)


if __name__ == "__main__":
    sys.exit(main())
