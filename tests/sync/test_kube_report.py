"""Heartbeats of `configsync kube`: what `configedge report` would say of the same node, while no API server answers."""

from __future__ import annotations

import itertools
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from configedge.control.fleet import Heartbeat
from configedge.sync.report import Names, Node
from configedge.testing import Publisher
from tests.kube.process import free_port
from tests.kube.swarm import Sync, eventually, syncing
from tests.support.relay import bundle, running
from tests.sync.test_report import TOKEN, ControlPlane

NAMES = Names("n1", "prod", "eu-west-1")
OPTIONS = ("--node", "n1", "--environment", "prod", "--region", "eu-west-1", "--interval", "0.5")


@pytest.fixture
def control() -> Iterator[ControlPlane]:
    made = ControlPlane()
    yield made
    made.close()


@pytest.fixture
def kubeconfig(tmp_path: Path) -> Path:
    """Of an API server that is away."""
    content = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "c", "cluster": {"server": f"https://127.0.0.1:{free_port()}"}}],
        "users": [{"name": "u", "user": {"token": "canary-of-the-api"}}],
        "contexts": [{"name": "x", "context": {"cluster": "c", "user": "u"}}],
        "current-context": "x",
    }
    path = tmp_path / "kubeconfig"
    path.write_text(yaml.safe_dump(content))
    return path


@contextmanager
def reporting(tmp_path: Path, kubeconfig: Path, out: Path, url: str, *more: object) -> Iterator[Sync]:
    options = ("--report", url, "--status", out, *OPTIONS, *more)
    with syncing(tmp_path / "sync", kubeconfig, *options) as [sync]:
        yield sync


def newest(control: ControlPlane) -> Heartbeat:
    """One that was sent from now on."""
    told = len(control.requests)
    eventually(lambda: len(control.requests) > told + 1, "a heartbeat")
    return control.heartbeats()[-1]


def same(control: ControlPlane, out: Path) -> bool:
    """Whether it is what Python says of the node, but for the times and for what is said of the API server."""
    found, expected = newest(control), Node(out, NAMES).look()
    others = tuple(problem for problem in found.problems if not problem.startswith("sync: "))
    found = replace(found, problems=others, sent_at=0, received_at=0)
    # Built of a time in ns, which a float has not all the digits of.
    assert abs(found.published_at - expected.published_at) < 1e-3
    return found == replace(expected, sent_at=0, received_at=0, published_at=found.published_at)


def test_it_says_what_python_says(tmp_path: Path, kubeconfig: Path, control: ControlPlane) -> None:
    with (
        running(tmp_path, first=bundle({"n": 1})) as relay,
        reporting(tmp_path, kubeconfig, relay.out, control.url),
    ):
        assert same(control, relay.out) and newest(control).state == "ok"
        relay.put("not a bundle: [")
        eventually(lambda: newest(control).state == "degraded", "the refusal")
        assert same(control, relay.out) and any("m.yaml" in problem for problem in newest(control).problems)
        relay.put(bundle({"n": 2}))
        (relay.spool / "hold").write_text("because")
        eventually(lambda: newest(control).state == "held", "the hold")
        assert same(control, relay.out)


def test_a_node_without_a_relay_says_so(tmp_path: Path, kubeconfig: Path, control: ControlPlane) -> None:
    out = tmp_path / "out"
    with reporting(tmp_path, kubeconfig, out, control.url):
        assert newest(control).state == "empty" and same(control, out)
        with running(tmp_path, first=bundle({"n": 1})):
            eventually(lambda: newest(control).state == "ok", "the relay")
        eventually(lambda: newest(control).state == "silent", "its silence")
        beat = newest(control)
        assert beat.generation == 1 and beat.problems[0].startswith("the relay is silent for")


def test_trouble_with_the_api_server_is_told(tmp_path: Path, kubeconfig: Path, control: ControlPlane) -> None:
    Publisher(tmp_path / "out").publish({"m": {"n": 1}}, "")
    with reporting(tmp_path, kubeconfig, tmp_path / "out", control.url):
        eventually(lambda: any(p.startswith("sync: bundles: ") for p in newest(control).problems), "the trouble")


def test_a_change_is_told_before_the_interval_is_over(tmp_path: Path, kubeconfig: Path, control: ControlPlane) -> None:
    publisher = Publisher(tmp_path / "out")
    publisher.publish({"m": {"n": 1}}, "")
    with reporting(tmp_path, kubeconfig, tmp_path / "out", control.url, "--interval", "60"):
        eventually(lambda: len(control.requests) == 1, "the first")
        commit = "c" * 40
        publisher.publish({"m": {"n": 2}}, commit)
        took = eventually(lambda: len(control.requests) == 2, "the second")
        assert took < 50 and control.heartbeats()[1].commit == commit


def test_a_refusal_is_told_before_the_interval_is_over(tmp_path: Path, kubeconfig: Path, control: ControlPlane) -> None:
    with (
        running(tmp_path, first=bundle({"n": 1})) as relay,
        reporting(tmp_path, kubeconfig, relay.out, control.url, "--interval", "60"),
    ):
        eventually(lambda: len(control.requests) == 1, "the first")
        relay.put("not a bundle: [")
        assert eventually(lambda: len(control.requests) == 2, "the refusal") < 50
        relay.put(bundle({"n": 1}))
        assert eventually(lambda: len(control.requests) == 3, "that it is well again") < 50
    told = control.heartbeats()
    assert [one.state for one in told] == ["ok", "degraded", "ok"] and {one.generation for one in told} == {1}
    assert any("m.yaml" in problem for problem in told[1].problems)


def test_heartbeats_come_as_the_control_plane_says(tmp_path: Path, kubeconfig: Path, control: ControlPlane) -> None:
    Publisher(tmp_path / "out").publish({"m": {"n": 1}}, "")
    control.answer = (200, {}, b'{"tip": "", "next_s": 1.5}')
    with reporting(tmp_path, kubeconfig, tmp_path / "out", control.url, "--interval", "60"):
        assert eventually(lambda: len(control.requests) >= 3, "the third") < 50
        sent = [one.sent_at for one in control.heartbeats()]
        assert min(after - before for before, after in itertools.pairwise(sent)) >= 1.3


def test_the_token_is_sent_and_never_shown(tmp_path: Path, kubeconfig: Path, control: ControlPlane) -> None:
    token = tmp_path / "token"
    token.write_text(f"{TOKEN}\n")
    Publisher(tmp_path / "out").publish({"m": {}}, "")
    control.answer = (401, {}, f'{{"detail": "{TOKEN} is unknown"}}'.encode())
    with reporting(tmp_path, kubeconfig, tmp_path / "out", control.url, "--report-token-file", token) as sync:
        eventually(lambda: "not reported" in sync.log, "the refusal")
        assert control.requests[0][1]["authorization"] == f"Bearer {TOKEN}"
        assert control.requests[0][0] == "/v1/fleet/heartbeats"
        assert "401" in sync.log and "has to hold a token that may report" in sync.log
        control.answer = (204, {}, b"")
        eventually(lambda: "reporting to" in sync.log, "that it is well again")
        assert TOKEN not in sync.log and "canary-of-the-api" not in sync.log


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_it_ends_at_once_whatever_hangs(
    tmp_path: Path, kubeconfig: Path, control: ControlPlane, how: signal.Signals
) -> None:
    Publisher(tmp_path / "out").publish({"m": {}}, "")
    with reporting(tmp_path, kubeconfig, tmp_path / "out", control.url) as sync:
        eventually(lambda: len(control.requests) > 0, "a heartbeat")
        start = time.monotonic()
        assert sync.stop(how) == 0 and time.monotonic() - start < 20
        assert "stopped; the spool stays" in sync.log


def test_an_option_that_cannot_be_followed_is_named(tmp_path: Path, kubeconfig: Path) -> None:
    content = yaml.safe_load(kubeconfig.read_text())
    content["users"][0]["user"] = {"exec": {"apiVersion": "client.authentication.k8s.io/v1", "command": "/bin/false"}}
    asks = tmp_path / "asks"
    asks.write_text(yaml.safe_dump(content))
    content["users"][0]["user"] = {"token": "t"}
    content["clusters"][0]["cluster"]["insecure-skip-tls-verify"] = True
    trusts = tmp_path / "trusts"
    trusts.write_text(yaml.safe_dump(content))
    content["clusters"][0]["cluster"] = {"server": "http://api.example"}
    plain_api = tmp_path / "plain"
    plain_api.write_text(yaml.safe_dump(content))
    (tmp_path / "file").touch()
    plain = ("--report", "http://config.example", "--report-token-file", "t", "--status", "d")
    for options, why in [
        (("--kubeconfig", asks), "a program would be run"),
        (("--kubeconfig", trusts), "insecure-skip-tls-verify"),
        (("--kubeconfig", plain_api), "without TLS"),
        (("--kubeconfig", tmp_path / "none"), "No such file"),
        (("--kubeconfig", kubeconfig, "--spool", tmp_path / "file" / "x"), "--spool"),
        (plain, "without TLS"),
    ]:
        with syncing(tmp_path, kubeconfig, *options) as [sync]:
            assert sync.process.wait(30) == 2
            assert why in sync.log, sync.log
