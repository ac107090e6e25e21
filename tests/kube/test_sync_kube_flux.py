"""`configsync kube` behind the real Flux: nodes name the commit, and take exact documents from the artifact."""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
import threading
from collections.abc import Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

import configedge
from tests.kube.apiserver import ApiServer
from tests.kube.client import User
from tests.kube.cluster import GAME, SYSTEM, namespace
from tests.kube.flux import definitions
from tests.kube.swarm import Sync, eventually, syncing
from tests.kube.way import Way, way
from tests.support import relay as relays
from tests.support.kube import DEPLOY

FLUX_OBJECT = f"{SYSTEM}/configuration"
# Controllers start, and the machine may be busy with something else.
pytestmark = pytest.mark.timeout(900)
BIG = 123456789012345678901234567890


@pytest.fixture(scope="module")
def run(controllers: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Way]:
    with way(tmp_path_factory.mktemp("way")) as running:
        yield running


@pytest.fixture(scope="module")
def reader(run: Way) -> User:
    """With the rights that the components give."""
    run.admin.kubectl("apply", "-k", str(DEPLOY / "components" / "spool-kube" / "flux"))
    return run.server.account(GAME, "configbundle-reader")


def test_a_node_names_the_commit_that_flux_applied(run: Way, reader: User, tmp_path: Path) -> None:
    first = run.put("matchmaking", {"n": 1})
    options = ("--namespace", GAME, "--kustomization", FLUX_OBJECT)
    with syncing(tmp_path, reader.kubeconfig, *options) as [sync], relays.running(tmp_path / "node-0") as relay:
        follows(sync, {"n": 1}, first)
        config = configedge.open(relay.out, wait=30)
        for number in range(2, 6):
            commit = run.put("matchmaking", {"n": number})
            follows(sync, {"n": number}, commit)
            eventually(lambda c=commit: config.snapshot().commit == c, "the commit at the reader")  # type: ignore[misc]
            assert config["matchmaking.n"] == number
        elsewhere = run.put("other", {"n": 1}, "another-namespace")
        assert elsewhere != commit
        # Flux cannot apply what is for a namespace that is not there, so the commit stays unapplied.
        assert sync.commit() == commit
        run.admin.kubectl("create", "namespace", "another-namespace")
        bindings = str(DEPLOY / "tenant" / "bindings.yaml")
        run.admin.kubectl("apply", "--namespace", "another-namespace", "-f", bindings)
        last = run.put("matchmaking", {"n": 9})
        follows(sync, {"n": 9}, last)
        assert reader.token not in sync.log


def follows(sync: Sync, values: Any, commit: str) -> None:
    file = f"{GAME}.matchmaking.json"
    eventually(lambda: bool(sync.files()) and sync.values(file) == values and sync.commit() == commit, f"{values}")


def test_an_artifact_brings_texts_as_they_were_committed(run: Way, reader: User, tmp_path: Path) -> None:
    values = {"big": BIG, "one": 1.0, "long": ["x" * 60_000] * 12}
    commit = run.put("exact", values)
    options = ("--namespace", GAME, "--artifact", FLUX_OBJECT)
    with syncing(tmp_path, reader.kubeconfig, *options) as [sync], relays.running(tmp_path / "node-0") as relay:
        exact = sync.spool / "..data" / f"{GAME}.exact.yaml"
        eventually(lambda: exact.exists() and sync.commit() == commit, "the artifact")
        config = configedge.open(relay.out, wait=30)
        eventually(lambda: config.snapshot().commit == commit, "the commit at the reader")
        assert config["exact.big"] == BIG and isinstance(config["exact.one"], float)
        assert json.loads(json.dumps(config["exact.long"])) == values["long"]
        later = run.put("exact", {**values, "one": 2.5})
        eventually(lambda: config.snapshot().commit == later, "the next commit")
        assert config["exact.one"] == 2.5 and config["exact.big"] == BIG
        assert [sync.log.count(f"commit {one} written") for one in (commit, later)] == [1, 1]


class Storage:
    """Answers with `content` to whoever asks, as source-controller does with an artifact, and counts that."""

    def __init__(self) -> None:
        self.content, self.asked = b"", 0
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                outer.asked += 1
                self.send_response(200)
                self.send_header("Content-Length", str(len(outer.content)))
                self.end_headers()
                self.wfile.write(outer.content)

            def log_message(self, format: str, *args: Any) -> None:
                pass

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._http.server_address[1]}/configuration.tar.gz"
        threading.Thread(target=self._http.serve_forever, args=(0.05,), daemon=True).start()

    def close(self) -> None:
        self._http.shutdown()
        self._http.server_close()


@pytest.fixture
def storage() -> Iterator[Storage]:
    made = Storage()
    yield made
    made.close()


def packed(files: Mapping[str, str], link: str = "") -> bytes:
    """A gzipped tarball; `link` is a symbolic link's name."""
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w:gz") as tar:
        for name, text in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(text)
            tar.addfile(entry, io.BytesIO(text.encode()))
        if link:
            entry = tarfile.TarInfo(link)
            entry.type, entry.linkname = tarfile.SYMTYPE, "/etc/passwd"
            tar.addfile(entry)
    return content.getvalue()


def test_only_the_artifact_that_was_told_of_is_used(server: ApiServer, storage: Storage, tmp_path: Path) -> None:
    server.admin.apply(*definitions())
    server.admin.kubectl("wait", "crd", "--all", "--for=condition=Established", "--timeout=120s")
    source = {
        "apiVersion": "source.toolkit.fluxcd.io/v1",
        "kind": "GitRepository",
        "metadata": {"name": "artifact", "namespace": "told"},
        "spec": {"url": "https://git.example.com/x.git", "interval": "1h"},
    }
    server.admin.apply(namespace("told"))
    server.admin.apply(source)
    path = "/apis/source.toolkit.fluxcd.io/v1/namespaces/told/gitrepositories/artifact/status"

    def tell(content: bytes, commit: str) -> None:
        """What source-controller writes."""
        artifact = {
            "digest": f"sha256:{hashlib.sha256(content).hexdigest()}",
            "lastUpdateTime": "2026-01-01T00:00:00Z",
            "path": "configuration.tar.gz",
            "revision": f"main@sha1:{commit}",
            "url": storage.url,
        }
        server.admin.patch(path, {"status": {"artifact": artifact}})

    good = packed({"bundles/game/m.yaml": "1", "bundles/game/README.md": "no", "policies/manifest.yaml": "p"})
    with syncing(tmp_path, server.admin.kubeconfig, "--artifact", "told/artifact") as [sync]:
        eventually(lambda: "it has no artifact" in sync.log, "that it says so")
        storage.content = good[:-1] + b"x"
        tell(good, "a" * 40)
        eventually(lambda: "its content has the digest" in sync.log, "the refusal")
        assert not (sync.spool / "..data").exists()
        storage.content = good
        eventually(lambda: (sync.spool / "..data").exists(), "another try")
        there = {str(file.relative_to(sync.spool / "..data")) for file in (sync.spool / "..data").rglob("*.yaml")}
        assert there == {"game.m.yaml", "policies/manifest.yaml"} and sync.commit() == "a" * 40

        asked = storage.asked
        tell(good, "b" * 40)
        eventually(lambda: sync.commit() == "b" * 40, "the same content of another commit")
        assert storage.asked == asked, "what is here already is not fetched again"

        for bad, why in [
            (packed({"bundles/game/../../../x.yaml": "1"}), "leads out"),
            (packed({"bundles/game/m.yaml": "2"}, link="bundles/game/n.yaml"), "neither a file nor a directory"),
            (packed({"README.md": "nothing of ours"}), "an empty spool is never written"),
        ]:
            storage.content = bad
            tell(bad, "c" * 40)
            eventually(lambda why=why: why in sync.log, why)  # type: ignore[misc]
            assert (sync.spool / "..data" / "game.m.yaml").read_text() == "1" and sync.commit() == "b" * 40
