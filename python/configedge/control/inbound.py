"""What came to main past the hook, through a remote: commits that the control plane would not have made or taken.

They are on main, where the remote has them; so nothing can be refused any more, but it can be told.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

import pygit2

from configedge.bundle import BundleError, BundlePath, Problem
from configedge.control import hook, layout
from configedge.control.auth import Protection
from configedge.signing import AllowedSigners, SigningError, verify_commit

_APPROVALS = "approvals"


def objections(
    repo: pygit2.Repository, id: str, protections: Sequence[Protection], signers: AllowedSigners | None
) -> Iterator[Problem]:
    """Why a commit should not be there.

    One that says it is a control plane's must be signed by one of `signers`, if there are any, and have with it the
    approvals of what it changes. Any other must not change what is protected, or what the control plane keeps.
    """
    commit = repo[id].peel(pygit2.Commit)
    before = commit.parents[0] if commit.parents else None
    unapproved = list(hook.unapproved(repo, before, commit, protections))
    if not hook.ends_as_ours(commit):
        yield from hook.not_theirs(before, commit)
        yield from unapproved
        return
    if signers is not None:
        try:
            verify_commit(repo, id, signers)
        except SigningError as error:
            yield Problem.of("message", f"it ends as a control plane's own, but {error}", "roll back what it changed")
    approved = dict(_approved(repo, before, commit))
    for problem in unapproved:
        path = layout.path_of(problem.file)
        needed = max((rule.approvals for rule in protections if path and rule.covers(path, [""])), default=1)
        if approved.get(problem.file, 0) < needed:
            yield problem


def _approved(
    repo: pygit2.Repository, before: pygit2.Commit | None, commit: pygit2.Commit
) -> Iterator[tuple[str, int]]:
    """The documents that records which came with the commit are of, and how many others approved of each."""
    there = layout.directory(repo, before.tree, _APPROVALS) if before is not None else None
    for entry in layout.directory(repo, commit.tree, _APPROVALS) or ():
        if there is not None and (entry.name or "") in there:
            continue
        try:
            record = json.loads(repo.odb.read(entry.id)[1])
            people = {person["subject"] for person in record["approved"]} - {record["proposed"]["subject"]}
            for change in record["changes"]:
                path = BundlePath.parse(change["bundle"])
                found = layout.find(repo, str(commit.id), path)
                if (found.blob if found is not None else None) == change["after"]:
                    yield path.git, len(people)
        except (KeyError, TypeError, ValueError, AttributeError, BundleError):
            # It is no record of ours, so it approves of nothing.
            continue
