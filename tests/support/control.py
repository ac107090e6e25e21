"""A real control plane in a process of its own."""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2

MERGE = "application/merge-patch+json"
COMMAND = [sys.executable, "-m", "configedge.control"]
READY_S = 60.0


def document(values: Mapping[str, Any], schema: Mapping[str, Any] | None = None, **metadata: Any) -> dict[str, Any]:
    """A bundle; its name and namespace are left to the URL."""
    spec: dict[str, Any] = {"values": dict(values)}
    if schema is not None:
        spec["schema"] = dict(schema)
    envelope: dict[str, Any] = {"apiVersion": "configedge.io/v1alpha1", "kind": "ConfigBundle"}
    return {**envelope, **({"metadata": metadata} if metadata else {}), "spec": spec}


def plain_client(url: str, timeout: float = 10, **more: Any) -> httpx2.Client:
    """For plain HTTP. One that might meet TLS begins by reading the certificates of all authorities, for 30 ms."""
    return httpx2.Client(base_url=url, timeout=timeout, verify=False, **more)


class Control:
    """A running control plane. `log` grows while it runs.

    Raises AssertionError if it does not get ready; what it printed is in the error's notes, and it has ended.
    """

    def __init__(self, repo: Path, *options: str, env: Mapping[str, str] | None = None) -> None:
        self.repo = repo
        self.log = repo.with_name(repo.name + ".log")
        with self.log.open("ab") as log:
            begin = log.tell()
            self.process = subprocess.Popen(
                [*COMMAND, "--repo", str(repo), "--port", "0", *options],
                stdout=subprocess.PIPE,
                stderr=log,
                env={**os.environ, **(env or {})},
            )
        try:
            self.url = self._ready()
        except BaseException as error:
            # Nobody has it yet who could close it.
            self.process.kill()
            rest, _ = self.process.communicate()
            printed = (rest + self.log.read_bytes()[begin:]).decode(errors="replace")
            error.add_note(f"the control plane printed:\n{printed or 'nothing'}")
            raise
        self.http = plain_client(self.url)

    def _ready(self) -> str:
        """The URL that it prints once it takes requests."""
        out = self.process.stdout
        assert out is not None
        assert select.select([out], [], [], READY_S)[0], f"the control plane is not ready after {READY_S:g} seconds"
        line = out.readline().decode(errors="replace").strip()
        assert line, "the control plane ended, or closed its output, before it was ready"
        assert line.startswith("{"), f"the control plane printed {line!r} where its URL should be"
        return str(json.loads(line)["url"])

    def get(self, bundle: str, **params: Any) -> httpx2.Response:
        return self.http.get(f"/v1/bundles/{bundle}", params=params)

    def put(
        self, bundle: str, body: Mapping[str, Any] | bytes, etag: str | None = None, **params: Any
    ) -> httpx2.Response:
        """Replaces the version `etag`, or creates the bundle."""
        require = {"If-Match": f'"{etag}"'} if etag else {"If-None-Match": "*"}
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        headers = {"Content-Type": "application/json", **require}
        return self.http.put(f"/v1/bundles/{bundle}", content=content, headers=headers, params=params)

    def patch(self, bundle: str, patch: Any, etag: str, **params: Any) -> httpx2.Response:
        headers = {"Content-Type": MERGE, "If-Match": f'"{etag}"'}
        body = patch if isinstance(patch, bytes) else json.dumps(patch).encode()
        return self.http.patch(f"/v1/bundles/{bundle}", content=body, headers=headers, params=params)

    def delete(self, bundle: str, etag: str, **params: Any) -> httpx2.Response:
        return self.http.delete(f"/v1/bundles/{bundle}", headers={"If-Match": f'"{etag}"'}, params=params)

    def tip(self) -> str:
        return str(self.http.get("/v1/history", params={"limit": 1}).json()["commit"])

    def kill(self) -> None:
        """SIGKILL: nothing is tidied up."""
        self.process.kill()
        self.process.wait()

    def stop(self) -> int:
        """SIGTERM; gives the exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=5)

    def close(self) -> None:
        self.http.close()
        self.process.kill()
        self.process.communicate()


@contextmanager
def running(repo: Path, *options: str, env: Mapping[str, str] | None = None) -> Iterator[Control]:
    control = Control(repo, *options, env=env)
    try:
        yield control
    finally:
        control.close()


def git(repo: Path, *arguments: str, stdin: bytes | None = None) -> str:
    """What the git command says."""
    identity = {f"GIT_{who}_{what}": "someone@else" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    done = subprocess.run(
        ["git", "-C", str(repo), *arguments], input=stdin, capture_output=True, env={**os.environ, **identity}
    )
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout.decode().strip()


def push_file(repo: Path, work: Path, path: str, text: str | None, *, unchecked: bool = False) -> str:
    """Commits a file (None: removes it) from a clone, as an operator would with git; gives the new commit.

    `unchecked`: as it would come from a remote, where no hook of ours looks at it.
    """
    if not work.exists():
        # A clone of a directory copies its files, also one that is renamed meanwhile.
        git(repo, "clone", "-q", "--no-local", "-b", "main", str(repo), str(work))
    git(work, "pull", "-q", "--ff-only")
    file = work / path
    if text is None:
        file.unlink()
    else:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    git(work, "add", "-A")
    git(work, "commit", "-q", "-m", f"Push {path}")
    deliver(repo, work, unchecked=unchecked)
    return git(work, "rev-parse", "HEAD")


def deliver(repo: Path, work: Path, *, unchecked: bool = False) -> None:
    """Brings what is committed in a clone to main."""
    if unchecked:
        git(repo, "fetch", "-q", str(work), "HEAD:main")
    else:
        git(work, "push", "-q", "origin", "HEAD:main")
