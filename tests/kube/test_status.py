"""`configedge kube status` between a real control plane and a real API server: what nodes report is seen there."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from configedge.control.fleet import LOST_S
from tests.cli.shell import COMMAND, environment
from tests.kube.apiserver import ApiServer
from tests.kube.client import Refused, User, bundle_path
from tests.kube.cluster import bundle, namespace
from tests.support.control import Control, document, running
from tests.support.kube import DEPLOY, build
from tests.support.nodes import beat
from tests.support.people import asking, person
from tests.support.relay import wait_for


@pytest.fixture(scope="module")
def control(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Control]:
    """One that has run for long enough to know its nodes."""
    with running(tmp_path_factory.mktemp("status") / "repo") as control:
        time.sleep(LOST_S + 1)
        yield control


def put(control: Control, name: str, value: int, **more: Any) -> str:
    found = control.get(name)
    etag = found.json()["etag"] if found.status_code == 200 else None
    return str(control.put(name, document({"n": value}, **more), etag).raise_for_status().json()["commit"])


def once(control: Control, user: User, *options: str, code: int = 0) -> str:
    command = [COMMAND, "kube", "status", "--control", control.url, "--kubeconfig", str(user.kubeconfig), "--once"]
    done = subprocess.run([*command, *options], capture_output=True, text=True, env=environment(), timeout=60)
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout + done.stderr


@contextmanager
def keeping(control: Control, user: User, *options: str) -> Iterator[None]:
    command = [COMMAND, "kube", "status", "--control", control.url, "--kubeconfig", str(user.kubeconfig)]
    process = subprocess.Popen([*command, "--interval", "0.5", *options], env=environment())
    try:
        yield
    finally:
        process.terminate()
        assert process.wait(10) == 0


def account(namespace: str, name: str) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": name, "namespace": namespace}}


def ready(resource: dict[str, Any]) -> dict[str, Any]:
    (found,) = [one for one in resource["status"]["conditions"] if one["type"] == "Ready"]
    return dict(found)


def test_how_far_a_bundle_has_come_is_in_its_status(server: ApiServer, control: Control) -> None:
    server.admin.apply(namespace("status-far"), bundle("status-far", "a", values={"n": 1}))
    where = {"environment": "far"}
    path = bundle_path("status-far", "a")
    options = ("--namespace", "status-far", "--environment", "far")
    first = put(control, "status-far/a", 1)
    beat(control, "far-1", first, **where)
    beat(control, "far-2", "", state="empty", generation=0, published_at=0, **where)
    assert once(control, server.admin, *options) == "1 written\n"
    got = server.admin.get(path)
    assert got["status"]["commit"] == first and got["status"]["nodes"] == {"ready": 1, "total": 2}
    assert got["status"]["observedGeneration"] == got["metadata"]["generation"]
    assert (ready(got)["status"], ready(got)["reason"]) == ("False", "Progressing")
    version = got["metadata"]["resourceVersion"]
    assert once(control, server.admin, *options) == "0 written\n"
    assert server.admin.get(path)["metadata"]["resourceVersion"] == version, "nothing changed, nothing is written"

    beat(control, "far-2", first, **where)
    once(control, server.admin, *options)
    done = server.admin.get(path)
    assert (ready(done)["status"], ready(done)["reason"]) == ("True", "Served")
    assert done["spec"] == got["spec"] and done["metadata"]["generation"] == got["metadata"]["generation"]

    second = put(control, "status-far/a", 2)
    once(control, server.admin, *options)
    assert ready(server.admin.get(path))["reason"] == "Outdated", "main is ahead of what is applied"
    server.admin.apply(bundle("status-far", "a", values={"n": 2}))
    problem = "status-far.a.yaml:5: spec.values.n: schema"
    beat(control, "far-1", second, state="degraded", problems=[problem], **where)
    beat(control, "far-2", second, **where)
    once(control, server.admin, *options)
    refused = server.admin.get(path)
    assert ready(refused)["reason"] == "Refused" and f"far-1: {problem}" in ready(refused)["message"]
    assert refused["status"]["commit"] == second and refused["status"]["observedGeneration"] == 2


def test_it_follows_and_leaves_conditions_of_others_alone(server: ApiServer, control: Control) -> None:
    server.admin.apply(namespace("status-follow"), bundle("status-follow", "a", values={"n": 1}))
    path = bundle_path("status-follow", "a")
    other = {
        "type": "Audited",
        "status": "True",
        "reason": "Yes",
        "message": "",
        "lastTransitionTime": "2026-01-01T00:00:00Z",
    }
    server.admin.patch(f"{path}/status", {"status": {"conditions": [other]}})
    commit = put(control, "status-follow/a", 1)
    with keeping(control, server.admin, "--namespace", "status-follow", "--environment", "follow"):
        wait_for(lambda: ready_reason(server, path) == "NoNodes", 60)
        beat(control, "follow-1", commit, environment="follow")
        wait_for(lambda: ready_reason(server, path) == "Served", 60)
        server.restart()
        beat(control, "follow-2", "", environment="follow", state="empty", generation=0, published_at=0)
        wait_for(lambda: ready_reason(server, path) == "Progressing", 90)
    conditions = server.admin.get(path)["status"]["conditions"]
    assert [one["type"] for one in conditions] == ["Audited", "Ready"]


def ready_reason(server: ApiServer, path: str) -> str:
    status = server.admin.get(path).get("status", {})
    return next((one["reason"] for one in status.get("conditions", ()) if one["type"] == "Ready"), "")


def test_what_git_does_not_have_is_said(server: ApiServer, control: Control) -> None:
    server.admin.apply(namespace("status-alien"), bundle("status-alien", "by-hand", values={"n": 1}))
    once(control, server.admin, "--namespace", "status-alien")
    got = server.admin.get(bundle_path("status-alien", "by-hand"))
    assert ready(got)["reason"] == "NotInGit" and "commit" not in got["status"]


def test_the_account_of_the_deployment_may_write_the_status_and_nothing_else(
    server: ApiServer, control: Control
) -> None:
    roles = [
        one
        for one in build(DEPLOY / "status")
        if one["kind"] in ("ClusterRole", "ClusterRoleBinding", "ServiceAccount")
    ]
    server.admin.apply(namespace("configedge"), *roles)
    server.admin.apply(namespace("status-least"), bundle("status-least", "a", values={"n": 1}))
    writer = server.account("configedge", "status")
    put(control, "status-least/a", 1)
    assert "1 written" in once(control, writer, "--namespace", "status-least")
    path = bundle_path("status-least", "a")
    for method, where, body in (
        ("PATCH", path, {"spec": {"values": {"n": 2}}}),
        ("DELETE", path, None),
        ("POST", bundle_path("status-least"), bundle("status-least", "b", values={})),
        ("GET", "/api/v1/namespaces/configedge/secrets", None),
    ):
        with pytest.raises(Refused) as refused:
            writer.request(method, where, body)
        assert refused.value.code == 403, method


def test_who_may_not_is_told_what_is_missing(server: ApiServer, control: Control, tmp_path: Path) -> None:
    server.admin.apply(namespace("status-nobody"), account("status-nobody", "nobody"))
    nobody = server.account("status-nobody", "nobody")
    assert "cannot list configbundles: configbundles.configedge.io is forbidden" in once(control, nobody, code=1)
    (tmp_path / "broken").write_text("{")
    command = [COMMAND, "kube", "status", "--control", control.url, "--kubeconfig"]
    for file in (tmp_path / "none", tmp_path / "broken"):
        done = subprocess.run([*command, str(file)], capture_output=True, text=True, env=environment(), timeout=60)
        assert done.returncode == 2 and f"cannot find the cluster by {file}" in done.stderr, done.stderr


def test_a_token_for_a_part_would_tell_untruths_and_is_refused(server: ApiServer, tmp_path: Path) -> None:
    with asking(tmp_path / "repo") as control:
        part = person(control, "part", "viewer", namespace="game")
        (tmp_path / "token").write_text(part.headers["authorization"].removeprefix("Bearer "))
        said = once(control, server.admin, "--token-file", str(tmp_path / "token"), code=1)
        assert "the token is for some bundles only" in said
        whole = person(control, "whole", "viewer")
        (tmp_path / "token").write_text(whole.headers["authorization"].removeprefix("Bearer "))
        said = once(control, server.admin, "--token-file", str(tmp_path / "token"), code=1)
        assert "nodes are still to report" in said, "it has just started"
