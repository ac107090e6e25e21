"""Commits that the audit knows nothing of: that of a process which was killed before it wrote its entry, and what was
pushed while none ran. They are written down at the start."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from configedge.control.archive import Change, NotFound
from configedge.control.audit_page import newest
from configedge.control.layout import BRANCH
from configedge.control.refs import log_of
from configedge.control.store import Store

OURS = "configedge"
"""Who makes commits, and moves main, on behalf of nobody."""
# Entries that are looked through for the newest commit.
_ENTRIES = 1_000


def unaudited(store: Store, audit: Path, *, replicated: bool) -> list[Change]:
    """The commits of main after the newest that is in the audit, oldest first. None if there is no such entry.

    `replicated`: commits that came from a remote are in the audit of who made them. Raises OSError.
    """
    known = [entry["commit"] for entry in newest(audit, _ENTRIES) if entry["commit"]]
    last = next((commit for commit in known if _on_main(store, commit)), None)
    if last is None:
        return []
    made_here = set(_made_here(store.repository.path)) if replicated else None
    found = []
    for commit in store.since(last) or ():
        change = store.change(commit)
        ours = change.subject is None or made_here is None or commit in made_here
        if ours and commit not in known and change.subject != OURS:
            found.append(change)
    return found


def _on_main(store: Store, commit: str) -> bool:
    try:
        return bool(store.on_main(commit))
    except NotFound:
        return False


def _made_here(repository: Path) -> Iterator[str]:
    """The commits that main was moved to by the one who made them, not by a fetch."""
    try:
        lines = log_of(repository, BRANCH).read_text(errors="replace").splitlines()
    except OSError:
        return
    for line in lines:
        _, commit, who = [*line.split(" ", 2), "", ""][:3]
        if not who.startswith(f"{OURS} <"):
            yield commit
