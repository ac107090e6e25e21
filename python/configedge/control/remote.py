"""A remote repository that decides between control planes: a commit is acknowledged once it is there.

Each replica has a bare copy. It commits onto what it knows, and pushes with a lease on exactly that; whoever is second
is turned away, fetches, checks everything anew and tries again. There is no leader, and no lock that somebody who was
stopped could still believe in.

By the `git` command: it knows every transport, and its lease is exact also for a repository in a directory, where
libgit2 looks and then writes.
"""

from __future__ import annotations

import logging
import os
import re
import subprocess
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import pygit2

from configedge.control.layout import BRANCH
from configedge.control.refs import moving
from configedge.control.upkeep import FSYNC

if TYPE_CHECKING:
    from configedge.control.repository import Repository
    from configedge.control.store import Move

log = logging.getLogger(__name__)

PROPOSALS = "refs/proposals/"
_FETCHED = "refs/remotes/authority/main"
_TIMEOUT_S = 10.0
# What git says of a ref that is not there.
_GONE = ("does not exist", "stale info")
_WE = "configedge <configedge@localhost>"


class Rejected(Exception):
    """Another replica, or a push, was first. What it did is here now."""


class Unreachable(Exception):
    """The remote does not answer, or refuses. One line, says what to do."""


class Uncertain(Unreachable):
    """The push may have arrived or not. The same request with the same Idempotency-Key finds out."""


class Remote:
    """The branch main of a repository elsewhere: a URL, or a path."""

    def __init__(self, url: str) -> None:
        # A path is meant from here, and must be the same remote from everywhere.
        self.url = url if "://" in url or not Path(url).exists() else str(Path(url).resolve())
        self._repository: Repository | None = None
        # What was fetched is judged before anything else is, or an old tip could be the last that was said of it.
        self._fetching = threading.RLock()
        self.problem: str | None = "not reached yet"
        """Why the remote cannot be used; None if it can."""

    def attach(self, repository: Repository) -> None:
        """Makes the repository a copy of the remote. Raises Unreachable if they have diverged."""
        self._repository = repository
        try:
            self.fetch()
        except Unreachable as error:
            # What is here is served; writes will say why they cannot be made.
            log.error("starting without the remote: %s", error)

    def push(self, commit: str, onto: str, ref: str = BRANCH, also: Move | None = None) -> None:
        """Makes `commit` what the remote's ref is, if that is still `onto`; and `also`, both or neither.

        Raises Rejected, Unreachable, Uncertain.
        """
        moves = [(ref, commit, onto), *([(also.ref, also.commit, also.before or "")] if also is not None else [])]
        leases = [f"--force-with-lease={name}:{before}" for name, _, before in moves]
        specs = [f"{after}:{name}" for name, after, _ in moves]
        for last in (False, False, True):
            done = self._git("push", "--porcelain", "--no-verify", "--atomic", *leases, self.url, *specs)
            if done is not None and done.returncode == 0:
                self.problem = None
                return
            said = _words(done)
            if ref != BRANCH:
                raise Unreachable(f"the remote did not take {ref} ({said}); try again")
            if self._arrived(commit, onto, said, also, last):
                return
            # Cut off. The same commit on the same lease can be sent again: it is taken once, whichever arrives.

    def drop(self, ref: str, commit: str) -> None:
        """Removes a ref that is at a commit, if it is there still. Raises Unreachable."""
        done = self._git(
            "push", "--porcelain", "--no-verify", f"--force-with-lease={ref}:{commit}", self.url, f":{ref}"
        )
        said = _words(done)
        # Another replica was first, perhaps.
        if (done is None or done.returncode != 0) and not any(gone in said for gone in _GONE):
            raise Unreachable(f"the remote did not remove {ref} ({said})")

    def _arrived(self, commit: str, onto: str, said: str, also: Move | None, last: bool) -> bool:
        """Looks whether a push that failed was taken nevertheless. Raises as `push`, unless it may be tried again."""
        try:
            there = self._fetch()
        except Unreachable:
            raise Uncertain(
                f"the remote stopped answering during a push ({said}), and {self.problem}; "
                "repeat the request with the same Idempotency-Key"
            ) from None
        if self._has(there, commit):
            self.problem = None
            return True
        if there == onto:
            if also is not None and "rejected" in said:
                raise Unreachable(f"{also.ref} is not what it was at the remote ({said}); look at it again")
            if "rejected" not in said:
                if not last:
                    return False
                # It may be on its way still.
                raise Uncertain(f"the push was interrupted ({said}); repeat the request with the same Idempotency-Key")
            self.problem = f"the remote refuses pushes: {said}"
            raise Unreachable(f"the remote refused the commit ({said}); nothing was changed")
        with self._fetching:
            self._follow(there, onto)
            self.problem = None
        raise Rejected(said)

    def fetch(self) -> bool:
        """Brings here what the remote has; gives whether that is new. Raises Unreachable."""
        with self._fetching:
            # Before: a writer may push, and move main, while this fetches.
            known = self._here()
            there = self._fetch()
            new = self._follow(there, known) if there else self._publish()
            self.problem = None
            return new

    def _here(self) -> str:
        assert self._repository is not None
        return str(self._repository.open().references[BRANCH].target)

    def _fetch(self) -> str:
        """The remote's tip, with its objects here; empty if it has no branch main."""
        assert self._repository is not None
        with self._fetching:
            refs = [f"+{BRANCH}:{_FETCHED}", f"+{PROPOSALS}*:{PROPOSALS}*"]
            done = self._git("fetch", "--quiet", "--no-tags", "--no-write-fetch-head", self.url, *refs)
        if done is not None and done.returncode == 0:
            return str(self._repository.open().references[_FETCHED].target)
        said = _words(done)
        if "couldn't find remote ref" in said:
            return ""
        self.problem = f"cannot reach {without_password(self.url)}: {said}"
        raise Unreachable(f"{self.problem}; nothing was changed")

    def _publish(self) -> bool:
        """The first of all: the remote is empty, so it gets what is here."""
        assert self._repository is not None
        tip = str(self._repository.open().references[BRANCH].target)
        self._git("push", "--porcelain", f"--force-with-lease={BRANCH}:", self.url, f"{tip}:{BRANCH}")
        # Whoever was first, that is the history.
        there = self._fetch()
        return self._follow(there, tip) if there else False

    def _follow(self, there: str, here: str) -> bool:
        """Goes where the remote is. `here` is where main was before that was asked."""
        assert self._repository is not None
        repo = self._repository.open()
        if here == there:
            return False
        ours = repo[here].peel(pygit2.Commit)
        empty = not ours.parents and not len(ours.tree)
        if not (empty or repo.descendant_of(there, here)):
            if repo.descendant_of(here, there):
                # The remote went back: what was acknowledged is never taken away.
                self.problem = "the remote has lost commits that are here; push them back, then restart"
            else:
                self.problem = "the remote's history is another one than that here; give --repo an empty directory"
            raise Unreachable(self.problem)
        now = str(repo.references[BRANCH].target)
        if now != here and repo.descendant_of(now, there):
            return False
        when = repo[there].peel(pygit2.Commit).commit_time
        with moving(repo, BRANCH, there, now, f"{_WE} {when} +0000"):
            pass
        return True

    def _has(self, there: str, commit: str) -> bool:
        assert self._repository is not None
        repo = self._repository.open()
        return bool(there) and (there == commit or repo.descendant_of(there, commit))

    def _git(self, *arguments: str) -> subprocess.CompletedProcess[str] | None:
        assert self._repository is not None
        command = ["git", "-c", f"core.fsync={FSYNC}", "-C", str(self._repository.path), *arguments]
        environment = {**os.environ, "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C"}
        try:
            return subprocess.run(
                command,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                errors="replace",
                timeout=_TIMEOUT_S,
                env=environment,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return None
        except FileNotFoundError:
            raise Unreachable("the git command is not installed, and a remote needs it; install git") from None


def _words(done: subprocess.CompletedProcess[str] | None) -> str:
    if done is None:
        return f"no answer within {_TIMEOUT_S:g} s"
    lines = [line.strip() for line in (done.stderr + done.stdout).splitlines() if line.strip()]
    telling = [line for line in lines if line.startswith(("fatal:", "error:", "!", "remote:"))] or lines
    return without_password(" ".join(telling[:2]))[:300] or f"git ended with {done.returncode}"


def without_password(text: str) -> str:
    """A text in which no URL has a user or a password any more."""
    # Up to the last @: a password that was not quoted may have one, or a slash.
    return re.sub(r"//[^\s'\"]*@", "//", text)
