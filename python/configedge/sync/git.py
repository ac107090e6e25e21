"""Any Git remote as a source: fetched into a bare mirror, its branch exported into a spool."""

from __future__ import annotations

import hashlib
import logging
import os
import re
import subprocess
from pathlib import Path

import pygit2

from configedge.control import layout, upkeep
from configedge.control.repository import require_durable_commits
from configedge.signing import AllowedSigners, SigningError, verify_commit
from configedge.sync import proof
from configedge.sync.pump import Revision

log = logging.getLogger(__name__)

_TIMEOUT_MS = 10_000
_BRANCH = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_./-]{0,199}", re.ASCII)


class RemoteError(Exception):
    """The remote, or the mirror of it, cannot be used. One line, says what to do."""


class GitSource:
    """A branch of a remote (URL or path). Raises RemoteError if the branch name or the mirror cannot be used.

    With `allowed_signers`, a file as Git has it, a tip is taken only if one of these signed it. `layer` is what the
    nodes are, as in `prod.eu-west-1`; empty: they get the bundles as they are.
    """

    def __init__(
        self,
        remote: str,
        branch: str,
        namespace: str | None,
        cache: Path,
        allowed_signers: Path | None = None,
        layer: str = "",
    ) -> None:
        if not _BRANCH.fullmatch(branch) or ".." in branch or "//" in branch or branch.endswith(("/", ".", ".lock")):
            raise RemoteError(f"{branch[:80]!r} is not a branch name; give one like main")
        # A path is meant from here, and must be the same remote from everywhere.
        self._remote = remote if "://" in remote or not Path(remote).exists() else str(Path(remote).resolve())
        self._branch = branch
        self._namespace = namespace
        self._layer = layer
        self._signers = _Signers(allowed_signers) if allowed_signers is not None else None
        self._untidy = 0
        mirror = cache / hashlib.sha256(self._remote.encode()).hexdigest()[:16]
        # A torn mirror would be of no use after a power cut, and a dead remote must not be waited for.
        require_durable_commits()
        pygit2.settings.server_connect_timeout = pygit2.settings.server_timeout = _TIMEOUT_MS
        try:
            mirror.parent.mkdir(parents=True, exist_ok=True)
            self._repo = pygit2.init_repository(str(mirror), bare=True)
        except (OSError, pygit2.GitError) as error:
            raise RemoteError(
                f"cannot keep a mirror in {mirror}: {error}; give --cache a writable directory"
            ) from error

    def poll(self, known: str | None) -> Revision | None:
        """The branch as the remote has it now. Raises RemoteError."""
        mine = f"refs/mirror/{self._branch}"
        try:
            remote = self._repo.remotes.create_anonymous(self._remote)
            remote.fetch([f"+refs/heads/{self._branch}:{mine}"])
            commit = str(self._repo.references[mine].target)
        except KeyError:
            raise RemoteError(f"{self._remote} has no branch {self._branch!r}; give --branch one that it has") from None
        except (pygit2.GitError, OSError) as error:
            raise RemoteError(f"cannot fetch {self._branch!r} from {self._remote}: {error}") from error
        if self._signers is not None:
            # Also of a commit that is exported already: who may sign can have changed since.
            self._signers.require(self._repo, commit)
        if commit == known:
            self._tidy()
            return None
        made = self._repo[commit].peel(pygit2.Commit).commit_time
        files = layout.texts(self._repo, commit, self._namespace, self._layer)
        place, _ = layout.rendered(self._repo, commit, self._layer)
        proved = proof.of(self._repo, commit, proof.directories(self._repo, commit, self._namespace, place))
        return Revision(commit, float(made), files, layout.policies(self._repo, commit), proved)

    def _tidy(self) -> None:
        """Merges the packs that fetches left, one each. Where nothing is new, so that nobody waits for it."""
        path = Path(self._repo.path)
        if upkeep.packs(path) < upkeep.PACKS_LIMIT + self._untidy:
            return
        try:
            upkeep.pack(path)
            self._untidy = 0
        except (OSError, subprocess.SubprocessError) as error:
            # It works on, more slowly; tried again after as many fetches more.
            self._untidy += upkeep.PACKS_LIMIT
            log.warning("the mirror %s has many packs, and cannot be packed (%s); is git installed?", path, error)

    def has(self, commit: str) -> bool:
        """Whether a fetch has brought it."""
        return commit in self._repo

    def covers(self, known: str, commit: str) -> bool:
        """Whether `known` is that commit or came after it."""
        return known == commit or (self.has(commit) and self._repo.descendant_of(known, commit))


class _Signers:
    """A file of allowed signers, read again when it is another one, and the last commit that passed."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._seen: tuple[int, ...] = ()
        self._good = ""

    def require(self, repo: pygit2.Repository, commit: str) -> None:
        """Raises RemoteError if none of them signed the commit."""
        try:
            stat = self._path.stat()
            seen = (stat.st_dev, stat.st_ino, stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns)
            if (seen, commit) == (self._seen, self._good):
                return
            signers = AllowedSigners.load(self._path)
        except OSError as error:
            raise RemoteError(f"cannot read the allowed signers in {self._path}: {error.strerror}") from None
        except SigningError as error:
            raise RemoteError(f"commit {commit} cannot be verified: {error}") from None
        try:
            verify_commit(repo, commit, signers)
        except SigningError as error:
            raise RemoteError(f"commit {commit} is not signed by anyone in {self._path}: {error}") from None
        self._seen, self._good = seen, commit


def default_cache() -> Path:
    """Where mirrors are kept: `$XDG_CACHE_HOME/configedge`."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "configedge"
