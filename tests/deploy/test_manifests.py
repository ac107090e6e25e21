"""Everything in deploy/: it builds, is what API servers take, and runs programs by options that they have."""

from __future__ import annotations

import itertools
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from configedge.control.__main__ import _options
from tests.cli.shell import run
from tests.support.control import running
from tests.support.kube import (
    DEPLOY,
    FLUX,
    KUBERNETES,
    Resource,
    admit,
    build,
    check,
    flux_definitions,
    told,
    unknown_fields,
)
from tests.support.relay import binary

BUILT = sorted(
    str(file.parent.relative_to(DEPLOY))
    for file in DEPLOY.rglob("kustomization.yaml")
    if "components" not in file.relative_to(DEPLOY).parts
)
EXAMPLES = [directory for directory in BUILT if directory.startswith("examples/") and not directory.endswith("/base")]
# Their schemas are in no package, so they are looked at by hand: what they select is tested in test_monitoring.
UNCHECKED = {"monitoring.coreos.com"}


def group(resource: Resource) -> str:
    return str(resource["apiVersion"].rpartition("/")[0])


def pods(resources: list[Resource]) -> Iterator[tuple[Resource, Resource]]:
    """Each workload with its pods' spec."""
    for resource in resources:
        if resource["kind"] in ("Deployment", "DaemonSet", "StatefulSet"):
            yield resource, resource["spec"]["template"]["spec"]


def containers(pod: Resource) -> list[Resource]:
    return [*pod.get("initContainers", ()), *pod["containers"]]


@pytest.mark.parametrize("version", KUBERNETES)
@pytest.mark.parametrize("directory", BUILT)
def test_it_is_what_that_version_of_kubernetes_takes(directory: str, version: str) -> None:
    resources = build(DEPLOY / directory)
    assert resources
    for resource in resources:
        if group(resource) not in UNCHECKED | FLUX.keys():
            check(resource, version)


@pytest.mark.parametrize("name", FLUX)
def test_flux_takes_what_is_for_it(name: str) -> None:
    found = [resource for resource in build(DEPLOY / "examples" / "cluster") if group(resource) == name]
    assert found
    for resource in found:
        schema = flux_definitions(name)[resource["kind"], resource["apiVersion"]]
        assert admit(schema, resource) == [], told(resource)
        assert unknown_fields(schema, resource) == [], told(resource)


def test_a_field_that_is_none_would_be_noticed() -> None:
    (source,) = [resource for resource in build(DEPLOY / "flux") if resource["kind"] == "GitRepository"]
    schema = flux_definitions("source.toolkit.fluxcd.io")["GitRepository", source["apiVersion"]]
    source["spec"]["verify"]["modus"] = "HEAD"
    assert unknown_fields(schema, source) == [".spec.verify.modus"]
    source["spec"]["url"] = "/srv/git"
    assert admit(schema, source)


def test_flux_applies_only_what_is_signed_and_never_waits_for_nodes() -> None:
    flux = {resource["kind"]: resource["spec"] for resource in build(DEPLOY / "flux")}
    assert flux["GitRepository"]["verify"]["mode"] == "HEAD"
    assert flux["Kustomization"]["wait"] is False and "healthChecks" not in flux["Kustomization"]
    assert flux["Kustomization"]["deletionPolicy"] == "Orphan"
    # Values may have anything in them, also what looks like a variable.
    assert "postBuild" not in flux["Kustomization"]
    assert flux["Receiver"]["type"] == "generic-hmac"


def test_no_secret_is_in_the_tree_and_images_have_versions() -> None:
    for directory in BUILT:
        resources = build(DEPLOY / directory)
        assert not [told(resource) for resource in resources if resource["kind"] == "Secret"]
        for workload, pod in pods(resources):
            if directory == "control" or directory.startswith("examples/"):
                for container in containers(pod):
                    assert re.fullmatch(r"[a-z-]+:\d+\.\d+\.\d+", container["image"]), told(workload)


@pytest.mark.parametrize("directory", EXAMPLES)
def test_pods_keep_to_what_their_namespace_enforces(directory: str) -> None:
    """The profile "restricted" of the pod security standards, where it is enforced; a node's relay comes near it."""
    resources = build(DEPLOY / directory)
    enforced = {
        resource["metadata"]["name"]: resource["metadata"]["labels"]["pod-security.kubernetes.io/enforce"]
        for resource in resources
        if resource["kind"] == "Namespace"
    }
    for workload, pod in pods(resources):
        profile = enforced[workload["metadata"]["namespace"]]
        assert pod["automountServiceAccountToken"] is False
        assert not {"hostNetwork", "hostPID", "hostIPC"} & pod.keys()
        for container in containers(pod):
            context = pod.get("securityContext", {}) | container["securityContext"]
            assert context["allowPrivilegeEscalation"] is False
            assert context["readOnlyRootFilesystem"] is True
            assert context["capabilities"] == {"drop": ["ALL"]}
            assert context["seccompProfile"] == {"type": "RuntimeDefault"}
            assert container["resources"]["limits"]["memory"] and container["resources"]["requests"]["cpu"]
            if profile == "restricted":
                assert context["runAsNonRoot"] is True and context["runAsUser"] > 0
        kinds = {kind for volume in pod["volumes"] for kind in volume if kind != "name"}
        assert "hostPath" not in kinds or profile == "privileged"


@pytest.mark.parametrize("directory", EXAMPLES)
def test_every_volume_that_is_mounted_is_there(directory: str) -> None:
    for workload, pod in pods(build(DEPLOY / directory)):
        there = [volume["name"] for volume in pod["volumes"]]
        assert len(there) == len(set(there)), told(workload)
        mounted = {mount["name"] for container in containers(pod) for mount in container.get("volumeMounts", ())}
        assert mounted == set(there), told(workload)


def test_selectors_find_the_control_plane_and_no_other_is_taken_for_it() -> None:
    resources = {resource["kind"]: resource for resource in build(DEPLOY / "control")}
    labels = resources["Deployment"]["spec"]["template"]["metadata"]["labels"]
    ours = {"app.kubernetes.io/name": "control", "app.kubernetes.io/part-of": "configedge"}
    assert labels == ours
    assert resources["Deployment"]["spec"]["selector"] == {"matchLabels": ours}
    assert resources["Service"]["spec"]["selector"] == ours
    assert resources["PodDisruptionBudget"]["spec"]["selector"] == {"matchLabels": ours}
    policy = resources["NetworkPolicy"]["spec"]
    assert policy["podSelector"] == {"matchLabels": ours}
    peers = [peer for rule in policy["egress"] for peer in rule.get("to", ())]
    assert [peer["podSelector"]["matchLabels"] for peer in peers] == [
        {"k8s-app": "kube-dns"},
        {"app": "notification-controller"},
    ]


def relay_of(pod: Resource) -> Resource | None:
    return next((container for container in containers(pod) if container["image"].startswith("configrelay:")), None)


def quantity(text: str) -> int:
    number, unit = re.fullmatch(r"(\d+)([KMG]i)?", text).groups()  # type: ignore[union-attr]
    return int(number) << {None: 0, "Ki": 10, "Mi": 20, "Gi": 30}[unit]


def test_every_relay_can_start_and_has_room() -> None:
    seen = 0
    for directory in EXAMPLES:
        for workload, pod in pods(build(DEPLOY / directory)):
            relay = relay_of(pod)
            if relay is None:
                continue
            seen += 1
            usage = subprocess.run([binary(), "--help"], capture_output=True, text=True, check=True).stdout
            assert all(argument.partition("=")[0] in usage for argument in relay["args"])
            mounts = {mount["mountPath"]: mount["name"] for mount in relay["volumeMounts"]}
            paths = [argument.partition("=")[2] for argument in relay["args"] if "=/" in argument]
            # Each below a volume of its own: the sandbox is that of their parents.
            assert {next(at for at in mounts if path.startswith(at)) for path in paths} == set(mounts)
            volumes = {volume["name"]: volume for volume in pod["volumes"]}
            memory = volumes[mounts["/run/configedge"]].get("emptyDir", {}).get("sizeLimit")
            # What is written into a memory volume counts as the writer's.
            assert memory is None or quantity(relay["resources"]["limits"]["memory"]) >= quantity(memory) + (16 << 20)
            for container in containers(pod):
                if container is not relay:
                    shared = [mount for mount in container.get("volumeMounts", ()) if mount["name"] == "configedge"]
                    assert all(mount["readOnly"] for mount in shared), told(workload)
    assert seen == 5


def test_what_fills_a_spool_starts_before_the_relay_that_waits_for_it() -> None:
    (pod,) = [pod for _, pod in pods(build(DEPLOY / "examples" / "game-from-git"))]
    names = [container["name"] for container in pod["initContainers"]]
    assert names == ["sync", "relay"]
    assert all(container["restartPolicy"] == "Always" for container in pod["initContainers"])
    sync, relay = pod["initContainers"]
    assert "startupProbe" in relay and "startupProbe" not in sync
    usage = run("sync", "git", "--help")
    assert all(argument.partition("=")[0] in usage for argument in sync["args"])


def test_the_control_plane_starts_as_its_manifest_says(tmp_path: Path) -> None:
    """With its paths moved below one directory, a key as a secret's volume has it, and its own Host names."""
    resources = build(DEPLOY / "examples" / "cluster")
    (pod,) = [pod for workload, pod in pods(resources) if workload["metadata"]["name"] == "control"]
    for name in ("data", "keys", "access", "secret", "receiver"):
        (tmp_path / name).mkdir()
    (tmp_path / "receiver" / "url").write_text("http://127.0.0.1:1/hook/x\n")
    (tmp_path / "receiver" / "token").write_text("shared\n")
    subprocess.run(["git", "init", "-q", "--bare", "-b", "main", str(tmp_path / "remote")], check=True)
    (access,) = [it["data"] for it in resources if it["metadata"]["name"].startswith("control-access-")]
    (tmp_path / "access" / "access.yaml").write_text(access["access.yaml"])
    if shutil.which("ssh-keygen") is None:
        pytest.skip("ssh-keygen is not installed")
    key = tmp_path / "secret" / "signing-key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key)], check=True)
    key.chmod(0o440)

    def moved(text: str) -> str:
        text = re.sub(r"^(--[a-z-]+=)?(/(?:data|keys|access|secret|receiver)/)", rf"\1{tmp_path}\2", text)
        return text.replace("$(REMOTE)", str(tmp_path / "remote")).replace("$(POD_IP)", "10.1.2.3")

    (init,) = pod["initContainers"]
    subprocess.run([moved(word) for word in init["command"]], check=True)
    arguments = [moved(argument) for argument in pod["containers"][0]["args"]]
    options = _options().parse_args(arguments)
    assert options.host == "0.0.0.0" and options.port == pod["containers"][0]["ports"][0]["containerPort"]
    # Loopback, and any port, for a test.
    given = [argument for argument in arguments if not argument.startswith(("--repo=", "--host=", "--log="))]
    with running(options.repo, *given) as control:
        for probe, host in itertools.product(
            ("startupProbe", "livenessProbe", "readinessProbe"), ("10.1.2.3:8080", "control.configedge")
        ):
            path = pod["containers"][0][probe]["httpGet"]["path"]
            assert control.http.get(path, headers={"Host": host}).status_code == 200, path
        assert control.http.get("/healthz", headers={"Host": "example.com"}).status_code == 421
        token = (tmp_path / "data" / "admin-token").read_text().strip()
        assert control.http.get("/metrics").status_code == 401
        answer = control.http.get("/metrics", headers={"Authorization": f"Bearer {token}"})
        assert answer.status_code == 200
