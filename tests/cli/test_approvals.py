"""Who may do what: tokens, approvals by a second person, the audit."""

from __future__ import annotations

import http.server
import json
import re
import shutil
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.cli.shell import call, run, run_json, write
from tests.support.control import Control, running

ACCESS = """\
apiVersion: configedge.io/v1alpha1
kind: AccessPolicy
protected:
  - {namespace: game, prefix: guarded, approvals: 1}
"""


@dataclass(frozen=True)
class House:
    """A control plane that asks for tokens, and the files of those who have one."""

    control: Control
    root: Path
    admin: Path
    alice: Path
    bob: Path

    @property
    def url(self) -> str:
        return self.control.url

    def as_(self, token: Path, **env: str) -> dict[str, Any]:
        """How to run a command as somebody."""
        return {"server": self.url, "env": {"CONFIGEDGE_TOKEN_FILE": str(token), **env}}


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    root = tmp_path_factory.mktemp("access")
    (root / "access.yaml").write_text(ACCESS)
    admin = root / "admin-token"
    options = ("--tokens", root / "tokens.json", "--admin-token", admin, "--access", root / "access.yaml")
    with running(root / "repo", *map(str, options)) as control:
        for name in ("alice", "bob"):
            grants = ("--grant", "editor:game", "--grant", "approver:game")
            out = ("--out", root / name, "--token-file", admin)
            run("token", "create", name, *grants, *out, server=control.url)
        yield House(control, root, admin, root / "alice", root / "bob")


def proposed(said: str) -> str:
    found = re.search(r"proposed ([0-9a-f]{16})", said)
    assert found, said
    return found[1]


def test_a_protected_change_needs_a_second_person(house: House, tmp_path: Path) -> None:
    alice, bob = house.as_(house.alice), house.as_(house.bob)
    file = write(tmp_path, "guarded", {"ping": 1, "old": 1, "long": "x" * 300})
    refused = run("put", file, **alice, code=1)
    assert "protected" in refused and "`configedge propose`" in refused
    first = proposed(run("propose", "put", file, "-m", "A new game", **alice))
    shown = run("proposals", **bob)
    assert first in shown and "alice" in shown and "A new game" in shown and "game/guarded" in shown
    # Nothing of it is left out for whoever decides.
    assert "x" * 300 in run("proposals", first, **bob)
    assert "a change of their own" in run("approve", first, "--yes", **alice, code=1)
    done = call("approve", first, stdin="n\n", **bob)
    assert done.returncode == 1 and "Approve of it?" in done.stderr
    assert "would be approved" in run("approve", first, "--dry-run", **bob)
    assert "approved; committed" in run("approve", first, stdin="y\n", **bob)
    assert "committed already" in run("approve", first, "--yes", **bob, code=1)
    assert "approved by bob" in run("log", "-n", 1, **bob)

    patch = '{"spec": {"values": {"ping": "fast", "old": null}}}'
    second = proposed(run("propose", "patch", "game/guarded", patch, **alice))
    told = run("proposals", second, **bob)
    assert "!! 1 key deleted and 1 key of another type" in told
    assert "- old  1  DELETED" in told and "~ ping  1 -> fast  TYPE CHANGED integer -> string" in told
    third = proposed(run("propose", "delete", "game/guarded", **alice))
    run("approve", second, "--yes", **bob)
    # What it was made on is another document now.
    assert "changed since" in run("approve", third, "--yes", **bob, code=1)
    assert "rejected" in run("reject", third, "-m", "not today", **bob)
    fourth = proposed(run("propose", "delete", "game/guarded", **alice))
    assert "alice's" in run("withdraw", fourth, **bob, code=1)
    assert "would be withdrawn" in run("withdraw", fourth, "--dry-run", **alice)
    assert run("withdraw", fourth, **alice) == "withdrawn\n"
    assert run("proposals", **bob) == ""
    states = [item["state"] for item in run_json("proposals", "--all", **bob)]
    assert sorted(states) == ["committed", "committed", "rejected", "withdrawn"]
    run("approve", "0" * 16, "--yes", **bob, code=1)
    assert "not a proposal" in run("approve", "../x", **bob, code=2)


def test_an_edit_of_a_protected_bundle_is_proposed(house: House, tmp_path: Path) -> None:
    alice = house.as_(house.alice, EDITOR="sed -i 's/values: {}/values: {a: 1}/'", TMPDIR=str(tmp_path))
    refused = run("edit", "game/guarded-too", "--yes", **alice, code=1)
    assert "protected" in refused and "your text is in" in refused
    done = call("edit", "game/guarded-too", stdin="y\n", **alice)
    assert "Propose it for approval?" in done.stderr and done.returncode == 0
    run("withdraw", proposed(done.stdout), **alice)
    run("withdraw", proposed(run("edit", "game/guarded-too", "--propose", "--yes", **alice)), **alice)


def test_a_token_is_printed_once_and_alone(house: House, tmp_path: Path) -> None:
    admin = ("--token-file", house.admin)
    done = call("token", "create", "once", "--grant", "viewer:game/l@prod", "--expires", "2h", *admin, server=house.url)
    assert re.fullmatch(r"cet_[a-z0-9]{10}_\S{43}\n", done.stdout) and done.stdout.strip() not in done.stderr
    env = {"CONFIGEDGE_TOKEN": done.stdout.strip()}
    assert run("whoami", server=house.url, env=env) == "token:once  once\n  viewer:game/l@prod\n"
    listed = run("token", "ls", *admin, server=house.url)
    assert done.stdout.strip() not in listed and "viewer:game/l@prod" in listed
    [id] = [item["id"] for item in run_json("token", "ls", *admin, server=house.url) if item["name"] == "once"]
    assert "would be revoked" in run("token", "revoke", id, "--dry-run", *admin, server=house.url)
    assert "token:once" in run("whoami", server=house.url, env=env)
    assert "revoked" in run("token", "revoke", id, *admin, server=house.url)
    assert "give your token" in (said := run("whoami", server=house.url, env=env, code=1))
    assert done.stdout.strip() not in said
    assert "there is no" in run("token", "revoke", "aaaaaaaaaa", *admin, server=house.url, code=1)


def test_a_token_in_a_file_is_for_its_owner_alone(house: House, tmp_path: Path) -> None:
    create = ("token", "create", "filed", "--grant", "viewer", "--token-file", house.admin)
    out = tmp_path / "token"
    done = call(*create, "--out", out, server=house.url)
    assert done.returncode == 0 and done.stdout == "" and out.stat().st_mode & 0o777 == 0o600
    assert "token:filed" in run("whoami", "--token-file", out, server=house.url)
    # A file that is there is not written over, and no token is made that nobody has.
    before = run("token", "ls", "--token-file", house.admin, server=house.url)
    again = ("token", "create", "another", "--grant", "viewer", "--token-file", house.admin)
    assert "name a new file" in run(*again, "--out", out, server=house.url, code=2)
    assert run("token", "ls", "--token-file", house.admin, server=house.url) == before
    assert "named filed already" in run(*create, "--out", tmp_path / "second", server=house.url, code=1)
    assert not (tmp_path / "second").exists()
    assert "a token filed already" in run(*create, "--dry-run", server=house.url, code=1)
    assert "would make a token" in call(*again, "--dry-run", server=house.url).stderr
    assert "is not ROLE" in run("token", "create", "x", "--grant", "no/such@", server=house.url, code=2)
    assert "there is no such role" in run(*again[:3], "--grant", "king", *again[5:], server=house.url, code=1)


def test_whoever_may_not_is_told_so(house: House, tmp_path: Path) -> None:
    alice = ("--token-file", house.alice)
    file = tmp_path / "x.yaml"
    file.write_text(write(tmp_path, "x", {"a": 1}).read_text().replace('"game"', '"elsewhere"'))
    assert "may not" in run("put", file, *alice, server=house.url, code=1)
    export = tmp_path / "export.json"
    export.write_text('{"apiVersion": "configedge.io/v1alpha1", "kind": "ConfigExport", "bundles": [], "overlays": []}')
    for command in (("token", "ls"), ("audit", "ls"), ("import", export)):
        assert "may not" in run(*command, *alice, server=house.url, code=1)


def test_a_token_is_never_sent_in_the_clear_to_another_machine(house: House) -> None:
    for server in ("http://config.example:8080", "http://10.1.2.3", "http://127.0.0.1.example"):
        said = run("ls", "--token-file", house.alice, "--server", server, code=2)
        assert "without TLS" in said and house.alice.read_text().strip() not in said
    assert "is not a URL" in (said := run("ls", "--server", "https://user:s3cret@config.example", code=2))
    assert "s3cret" not in said


def test_a_token_that_cannot_be_one_is_not_sent_and_not_shown(house: House, tmp_path: Path) -> None:
    for text in ("", "two words", "s3cret\nX-Evil: 1", "s3crét"):
        (tmp_path / "bad").write_text(text)
        said = run("ls", "--token-file", tmp_path / "bad", server=house.url, code=2)
        assert "no token in it" in said and "s3cr" not in said
    assert "No such file" in run("ls", "--token-file", tmp_path / "none", server=house.url, code=2)


def test_on_this_machine_the_token_of_its_admin_is_found(house: House, tmp_path: Path) -> None:
    place = tmp_path / "configedge" / "admin-token"
    place.parent.mkdir()
    shutil.copy(house.admin, place)
    place.chmod(0o600)
    env = {"XDG_STATE_HOME": str(tmp_path)}
    assert "admin" in run("whoami", server=house.url, env=env)
    # One of one's own comes first.
    assert "token:alice" in run("whoami", "--token-file", house.alice, server=house.url, env=env)
    # One that others may read, or have put there, is passed over.
    place.chmod(0o644)
    assert "give your token" in run("whoami", server=house.url, env=env, code=1)
    place.unlink()
    place.symlink_to(house.admin)
    assert "give your token" in run("whoami", server=house.url, env=env, code=1)


def test_a_redirect_does_not_take_the_token_along(house: House) -> None:
    asked: list[str] = []

    class Elsewhere(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(302)
            self.send_header("Location", f"http://localhost:{self.server.server_address[1]}/again")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with http.server.HTTPServer(("127.0.0.1", 0), Elsewhere) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_address[1]}"
        assert "answered 302" in run("whoami", "--token-file", house.alice, "--server", url, code=2)
        server.shutdown()
    assert asked == ["/v1/whoami"]


def test_the_audit_is_listed_and_its_file_verified(house: House, tmp_path: Path) -> None:
    admin = ("--token-file", house.admin)
    run("put", write(tmp_path, "audited", {"a": 1}), *admin, server=house.url)
    entries = run_json("audit", "ls", "-n", 5, *admin, server=house.url)
    assert entries[0]["target"] == "game/audited" and entries[0]["outcome"] == "allowed"
    assert "game/audited" in run("audit", "ls", "-n", 1, *admin, server=house.url)
    file = tmp_path / "audit.jsonl"
    shutil.copy(house.control.repo / "configedge-audit.jsonl", file)
    assert "entries" in run("audit", "verify", file)
    last = json.loads(file.read_text().splitlines()[-1])
    head = f"{last['seq']}:{last['hash']}"
    assert run_json("audit", "verify", file, "--head", head)["ok"]
    lines = file.read_text().splitlines(keepends=True)
    file.write_text("".join(lines[:-1]))
    assert "entries" in run("audit", "verify", file)
    run("audit", "verify", file, "--head", head, code=1)
    file.write_text("".join(lines).replace("game/audited", "game/innocent"))
    assert call("audit", "verify", file).stdout.endswith("NOT whole\n")
    assert not run_json("audit", "verify", file, code=1)["ok"]
    assert "there is no" in run("audit", "verify", tmp_path / "none", code=2)
    assert "NUMBER:HASH" in run("audit", "verify", file, "--head", "1", code=2)
