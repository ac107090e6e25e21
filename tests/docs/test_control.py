"""docs/control.md says what is so."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from configedge.bundle import MAX_DOCUMENT, BundlePath
from configedge.control import changes, documents, events, fairness, fleet, proposals, protocol, requests, sets, tips
from configedge.control.__main__ import _options
from configedge.control.auth import AccessPolicy, Role, Verb
from configedge.control.auth.tokens import MAX_TOKENS
from configedge.control.upkeep import LOOSE_LIMIT
from tests.support.access import guarded
from tests.support.control import document, running

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "control.md").read_text()
CONFIGEDGE = Path(sys.executable).with_name("configedge")


def blocks(kind: str = "") -> list[str]:
    return re.findall(rf"^```{kind}\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)


def block_with(text: str) -> str:
    return next(block for block in blocks() if text in block)


def test_the_requests_with_curl_do_what_the_page_says(tmp_path: Path) -> None:
    if shutil.which("curl") is None:
        pytest.skip("curl is not installed: apt-get install curl")
    with running(tmp_path / "repo") as control:
        script = block_with("curl").replace("localhost:8080", control.url.removeprefix("http://"))
        done = subprocess.run(["bash", "-euc", script.replace("curl -s", "curl -sSf")], capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        shop = control.get("game/shop").json()["document"]
        assert shop["spec"]["values"] == {"price": 12, "open": True}


def test_the_requests_that_take_an_idempotency_key_are_those_of_the_page(tmp_path: Path) -> None:
    with running(tmp_path / "repo") as control:
        paths = control.http.get("/openapi.json").json()["paths"]
    taking = {
        (method, path)
        for path, operations in paths.items()
        for method, operation in operations.items()
        if any(parameter.get("name") == "Idempotency-Key" for parameter in operation.get("parameters", ()))
    }
    bundle = "/v1/bundles/{namespace}/{name}"
    single = {(method, at) for method in ("put", "patch", "delete") for at in (bundle, f"{bundle}/overlays/{{layer}}")}
    several = {("post", path) for path in ("/v1/changes", f"{bundle}/rollback", "/v1/rollback", "/v1/import")}
    assert taking == single | several


def test_without_a_key_only_proposing_again_makes_another(tmp_path: Path) -> None:
    with running(tmp_path / "repo") as control:
        key = {"Idempotency-Key": "once"}
        change = {"bundle": "game/shop", "op": "put", "document": document({"price": 10}), "if_match": None}
        first, second = (
            control.http.post("/v1/proposals", json={"changes": [change]}, headers=key).json()["id"] for _ in range(2)
        )
        assert first != second
        ends = [control.http.post(f"/v1/proposals/{first}/withdraw", headers=key).status_code for _ in range(2)]
        assert ends == [200, 409]


def test_the_commands_are_there_with_their_options(tmp_path: Path) -> None:
    named = [line for block in blocks() for line in block.splitlines() if line.startswith("configedge ")]
    named += re.findall(r"`(configedge [^`]+)`", PAGE)
    assert len(named) > 12
    for line in named:
        command, *rest = line.partition("  #")[0].split()[1:]
        group = [command, rest[0]] if command in ("token", "audit", "sync") else [command]
        told = subprocess.run([CONFIGEDGE, *group, "--help"], capture_output=True, text=True, env={"COLUMNS": "200"})
        assert told.returncode == 0, f"{line}: {told.stderr}"
        for option in (word for word in rest if word.startswith("-")):
            assert option in told.stdout, f"{line}: there is no {option}"


def test_overlays_are_put_and_explained_as_on_the_page(tmp_path: Path) -> None:
    (tmp_path / "shop-prod.yaml").write_text(
        "apiVersion: configedge.io/v1alpha1\nkind: ConfigBundle\nmetadata: {name: shop, namespace: game}\n"
        "spec: {values: {price: 20}}\n"
    )
    with running(tmp_path / "repo") as control:
        assert control.put("game/shop", document({"price": 10, "open": True})).status_code == 200
        for line in block_with("shop-prod.yaml").splitlines():
            words = line.partition("  #")[0].split()[1:]
            command = [str(CONFIGEDGE), *words, "--server", control.url]
            done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path)
            assert done.returncode == 0, done.stdout + done.stderr
        assert "20" in done.stdout and "prod" in done.stdout


def test_every_option_is_on_the_page_and_every_one_on_it_is_there() -> None:
    table = PAGE[PAGE.index("| option |") : PAGE.index("**Pushes.**")]
    told = set(re.findall(r"`(--[a-z-]+)", "\n".join(row.split("|")[1] for row in table.splitlines() if "|" in row)))
    there = {name for action in _options()._actions for name in action.option_strings if name.startswith("--")}
    assert told == there - {"--help"}


def test_the_table_of_roles_is_what_roles_may() -> None:
    words = {Verb.read: "read", Verb.write: "write", Verb.approve: "approve", Verb.report: "report"}
    for role in Role:
        row = re.search(rf"^\| {role} \| (.*) \|$", PAGE, re.MULTILINE)
        assert row is not None, role
        if role is not Role.admin:
            assert {verb for verb, word in words.items() if word in row[1]} == role.verbs


def test_the_access_policy_can_be_used_and_means_what_the_page_says(tmp_path: Path) -> None:
    (tmp_path / "access.yaml").write_text(blocks("yaml")[0])
    policy = AccessPolicy.load(tmp_path / "access.yaml")
    shop = BundlePath("game", "shop")
    assert [grant.role for grant in policy.grants_of("bob", ["game-ops"])] == [Role.editor]
    assert [grant.role for grant in policy.grants_of("alice@example.com")] == [Role.approver]
    assert policy.approvals(shop, ["price"]) == 1
    assert policy.approvals(shop, ["open"]) == 0


def test_a_protected_change_goes_the_way_of_the_page(tmp_path: Path) -> None:
    rule = {"namespace": "game", "prefix": "shop", "key": "price", "approvals": 1}
    with guarded(tmp_path / "plane", protected=[rule]) as plane:
        change = {"bundle": "game/shop", "op": "put", "document": document({"price": 10}), "if_match": None}
        asked = plane.admin.post("/v1/changes", json={"changes": [change]})
        assert (asked.status_code, asked.json()["type"]) == (403, "urn:configedge:problem:approval-required")
        made = plane.admin.post("/v1/proposals", json={"changes": [change]}).json()
        other = plane.client((next(iter(plane.tokens.list())).grants[0],), "second")
        done = other.post(f"/v1/proposals/{made['id']}/approve", json={"digest": made["digest"]}).json()
        assert done["state"] == "committed"


def test_the_audit_of_the_page_can_be_verified(tmp_path: Path) -> None:
    with running(tmp_path / "repo") as control:
        control.put("game/shop", document({"price": 10}))
    audit = tmp_path / "repo" / "configedge-audit.jsonl"
    done = subprocess.run([CONFIGEDGE, "audit", "verify", str(audit)], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    audit.write_text(audit.read_text().replace("game/shop", "game/ship"))
    assert subprocess.run([CONFIGEDGE, "audit", "verify", str(audit)], capture_output=True).returncode == 1


def test_it_ends_with_the_exit_codes_of_the_page(tmp_path: Path) -> None:
    with running(tmp_path / "repo") as control:
        second = [sys.executable, "-m", "configedge.control", "--port", "0", "--repo", str(tmp_path / "repo")]
        refused = subprocess.run(second, capture_output=True, text=True)
        assert refused.returncode == 2
        assert len(refused.stderr.strip().splitlines()) == 1
        assert control.stop() == 0


def test_the_limits_are_those_of_the_code() -> None:
    limits = PAGE[PAGE.index("## Limits") :]
    mib = 1 << 20
    for told in (
        f"{MAX_DOCUMENT // mib} MiB; {changes.MAX_OPERATIONS} documents and {sets.MAX_SET // mib} MiB",
        f"{sets.MAX_IMPORT // mib} MiB",
        f"{documents._MOST_OPERATIONS:,} operations",
        f"{protocol.MAX_HEAD // 1024} KiB within {protocol.HEAD_S:g} s; within {requests._BODY_S:g} s",
        f"{fairness.MOST}, {fairness.MOST_OF_ONE} of one subject; {protocol._MOST_CONNECTIONS:,}; ",
        f"; {events.MAX_WATCHERS:,}; {tips.MAX_WAITING:,} |",
        f"{MAX_TOKENS:,}; {proposals._MOST_OPEN}; {fleet.MAX_NODES:,}",
    ):
        assert told in limits, told
    assert f"or {LOOSE_LIMIT:,} loose objects" in PAGE
