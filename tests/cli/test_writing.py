"""Writing, going back, and what is said of it."""

from __future__ import annotations

import json
import select
import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import urlsplit

from tests.cli.shell import COMMAND, call, environment, run, run_json, write
from tests.support.control import Control, push_file, running


def test_several_files_are_one_commit_or_none(control: Control, tmp_path: Path) -> None:
    first, second = (write(tmp_path, name, {"ping": 1}) for name in ("one", "two"))
    before = control.tip()
    reply = run_json("put", first, second, "-m", "Both at once", server=control.url)
    assert [effect["name"] for effect in reply["effects"]] == ["one", "two"] and reply["changed"]
    log = run_json("log", "-n", 2, server=control.url)
    assert [item["commit"] for item in log] == [reply["commit"], before]
    assert "Both at once" in run("log", "-n", 1, server=control.url)
    write(tmp_path, "one", {"ping": 2})
    write(tmp_path, "two", {"ping": 2}, {"properties": {"ping": {"type": "string"}}})
    assert "spec.values.ping" in run("put", first, second, server=control.url, code=1)
    assert control.tip() == reply["commit"]


def test_an_overlay_is_put_seen_and_explained(control: Control, tmp_path: Path) -> None:
    server = control.url
    run("put", write(tmp_path, "over", {"ping": 80, "regions": {"eu": 1, "us": 2}}), server=server)
    overlay = write(tmp_path, "over", {"ping": 90, "regions": {"us": None}})
    said = run("put", overlay, "--environment", "prod", server=server)
    assert "nodes of prod" in said and "~ ping  80 -> 90" in said and "- regions.us  2  DELETED" in said
    assert "    ping: 90\n    regions:\n      eu: 1\n" in run("get", "game/over", "-e", "prod", server=server)
    assert "us: null" in run("get", "game/over@prod", server=server)
    run("put", overlay, "-e", "prod", "-r", "eu", server=server)
    assert run("ls", "--namespace", "game", server=server).count("prod, prod.eu") == 1
    winner, loser = run("explain", "game/over", "ping", "-e", "prod", server=server).splitlines()[1:]
    assert winner.split()[:3] == ["*", "prod", "90"] and loser.split()[:2] == ["base", "80"]
    # As services call it.
    found = run_json("explain", "game/over", "over.ping", "-e", "prod", "-r", "eu", server=server)
    assert (found["layer"], found["value"]) == ("prod.eu", 90)
    assert "have no regions.us" in run("explain", "game/over", "regions.us", "-e", "prod", server=server, code=1)
    assert run("explain", "game/over", "-e", "prod", server=server).splitlines() == [
        "ping        90  prod",
        "regions.eu  1   base",
    ]
    assert "has overlays" in run("delete", "game/over", server=server, code=1)
    run("delete", "game/over@prod.eu", server=server)
    run("delete", "game/over", "-e", "prod", server=server)
    run("delete", "game/over", server=server)


def test_a_key_that_was_deleted_comes_back_only_if_that_is_meant(control: Control, tmp_path: Path) -> None:
    file = write(tmp_path, "grave", {"ping": 1, "flag": True})
    run("put", file, server=control.url)
    patch = '[{"op": "remove", "path": "/spec/values/flag"}]'
    assert "- flag  true  DELETED" in run("patch", "game/grave", "--json-patch", patch, server=control.url)
    assert "an array of operations" in run("patch", "game/grave", "--json-patch", "{}", server=control.url, code=2)
    assert "--revive" in run("put", file, server=control.url, code=1)
    assert "+ flag  true" in run("put", file, "--revive", server=control.url)


def test_what_a_dry_run_shows_is_not_committed(control: Control, tmp_path: Path) -> None:
    server = control.url
    file = write(tmp_path, "dry", {"ping": 1})
    first = run_json("put", file, server=server)["commit"]
    export = tmp_path / "export.json"
    run("export", "-o", export, server=server)
    write(tmp_path, "dry", {"ping": 2})
    tip = run_json("put", file, server=server)["commit"]
    write(tmp_path, "dry", {"ping": 3})
    for command in (
        ("put", file),
        ("patch", "game/dry", '{"spec":{"values":{"ping":"x"}}}'),
        ("delete", "game/dry"),
        ("rollback", "game/dry", "--to", first),
        ("rollback", "--all", "--to", first),
        ("import", export),
        ("propose", "put", file),
        ("propose", "delete", "game/dry"),
    ):
        said = run(*command, "--dry-run", server=server)
        assert "dry run" in said and "ping" in said, (command, said)
        assert "committed " not in said.replace("would be committed", "")
        run_json(*command, "--dry-run", server=server)
        assert control.tip() == tip
    assert run("proposals", server=server) == ""


def test_a_version_that_is_not_the_newest_is_refused(control: Control, tmp_path: Path) -> None:
    file = write(tmp_path, "stale", {"ping": 1})
    etag = run_json("put", file, server=control.url)["etag"]
    write(tmp_path, "stale", {"ping": 2})
    run("put", file, "--if-match", etag, server=control.url)
    patch = '{"spec":{"values":{"ping":3}}}'
    for command in (("put", file), ("patch", "game/stale", patch), ("delete", "game/stale")):
        assert "changed since" in run(*command, "--if-match", etag, server=control.url, code=1)
    assert run_json("get", "game/stale", server=control.url)["document"]["spec"]["values"] == {"ping": 2}


def test_history_and_differences_are_shown_by_key(control: Control, tmp_path: Path) -> None:
    server = control.url
    file = write(tmp_path, "story", {"ping": 1, "mode": "duel", "old": 1})
    first = run_json("put", file, server=server)["commit"]
    write(tmp_path, "story", {"ping": "fast", "mode": "duel", "new": {"a": 1}})
    assert "~ ping  1 -> fast  TYPE CHANGED integer -> string" in (told := run("diff", file, server=server))
    assert "+ new.a  1" in told and "- old  1  DELETED" in told
    second = run_json("put", file, server=server)["commit"]
    assert run("diff", file, server=server) == "no difference\n"
    forward = run("diff", first, second, server=server)
    assert "~ ping  1 -> fast" in forward
    assert "~ ping  fast -> 1" in run("diff", second[:8], first[:8], "--bundle", "game/story", server=server)
    assert run("diff", first, "--bundle", "game/none", server=server) == "no difference\n"
    logged = run("log", "game/story", "--diff", server=server)
    assert logged.index(second[:12]) < logged.index("~ ping  1 -> fast") < logged.index(first[:12])
    assert "+ mode  duel" in logged
    assert run_json("log", "game/story", "--diff", server=server)[0]["changes"][0]["name"] == "story"
    assert "neither a commit nor a file" in run("diff", "nothing-like-it", server=server, code=2)
    assert "no commit begins so" in run("diff", "0" * 12, server=server, code=2)


def test_a_bundle_goes_back_and_so_does_everything(control: Control, tmp_path: Path) -> None:
    server = control.url
    one, two = write(tmp_path, "back", {"ping": 1}), write(tmp_path, "other", {"ping": 1})
    first = run_json("put", one, two, server=server)["commit"]
    run("put", write(tmp_path, "back", {"ping": 2}), write(tmp_path, "other", {"ping": 2}), server=server)
    assert "~ ping  2 -> 1" in run("rollback", "game/back", "--to", first[:10], server=server)
    values = [
        run_json("get", f"game/{name}", server=server)["document"]["spec"]["values"] for name in ("back", "other")
    ]
    assert values == [{"ping": 1}, {"ping": 2}]
    run("delete", "game/back", server=server)
    assert "committed" in run("rollback", "game/back", "--to", first, server=server)
    run("rollback", "--all", "--to", first, server=server)
    assert run_json("get", "game/other", server=server)["document"]["spec"]["values"] == {"ping": 1}
    assert "nothing changed" in run("rollback", "game/other", "--to", first, server=server)
    assert "there is no bundle" in run("rollback", "game/nowhere", "--to", first, server=server, code=1)
    assert "give a bundle, or --all" in run("rollback", "--to", first, server=server, code=2)


def test_validation_shows_dangers_and_refuses(control: Control, tmp_path: Path) -> None:
    server = control.url
    run(
        "put",
        write(tmp_path, "valid", {"ping": 1, "old": {"a": 1}}, {"properties": {"ping": {"maximum": 9}}}),
        server=server,
    )
    tip = control.tip()
    said = run("validate", write(tmp_path, "valid", {"ping": 1.5}), server=server)
    assert "- old.a  1  DELETED" in said and "TYPE CHANGED" in said
    assert "!! 1 key deleted and 1 key of another type" in said
    low = write(tmp_path, "valid", {"ping": 100, "old": {"a": 1}}, {"properties": {"ping": {"maximum": 9}}})
    assert "spec.values.ping" in run("validate", low, server=server, code=1)
    assert run_json("validate", write(tmp_path, "valid", {"ping": 2}), server=server)["dry_run"]
    assert control.tip() == tip


def test_an_export_is_everything_and_is_imported_elsewhere(control: Control, tmp_path: Path) -> None:
    run("put", write(tmp_path, "whole", {"ping": 1, "big": 2**70}), server=control.url)
    run("put", write(tmp_path, "whole", {"ping": 2}), "-e", "prod", server=control.url)
    file = tmp_path / "export.json"
    run("export", "--out", file, server=control.url)
    assert file.stat().st_mode & 0o777 == 0o600
    exported = json.loads(file.read_text())
    assert json.loads(run("export", server=control.url)) == exported
    with running(tmp_path / "elsewhere") as other:
        run("put", write(tmp_path, "only-here", {"ping": 1}), server=other.url)
        assert "committed" in run("import", file, server=other.url)
        assert run_json("get", "game/whole@prod", server=other.url)["document"]["spec"]["values"] == {"ping": 2}
        assert run_json("get", "game/whole", server=other.url)["document"]["spec"]["values"]["big"] == 2**70
        tip = other.tip()
        assert "1 documents would be deleted" in run(
            "import", file, "--mode", "replace", stdin="n\n", server=other.url, code=1
        )
        assert other.tip() == tip
        run("import", file, "--mode", "replace", "--yes", server=other.url)
        assert "only-here" not in run("ls", server=other.url)
    (tmp_path / "wrong.json").write_text("{}")
    assert "not a ConfigExport" in run("import", tmp_path / "wrong.json", server=control.url, code=2)


def test_text_that_others_wrote_cannot_steer_a_terminal(control: Control, tmp_path: Path) -> None:
    said = run("put", write(tmp_path, "evil", {"motd": "\x1b]0;owned\x07"}), server=control.url)
    pushed = push_file(control.repo, tmp_path / "work", "notes\x1b[31m.txt", "x")
    assert "notes\x1b[31m" in control.http.get("/v1/history", params={"cursor": pushed}).json()["items"][0]["message"]
    for command in (("log", "--diff"), ("log",), ("explain", "game/evil"), ("explain", "game/evil", "motd")):
        said += run(*command, server=control.url)
    assert "\x1b" not in said and "\x07" not in said and "owned" in said


@contextmanager
def cutting_proxy(url: str, cuts: int) -> Iterator[str]:
    """Hands everything on, but cuts so many connections when the server answers to a POST."""
    parts = urlsplit(url)
    listening = socket.create_server(("127.0.0.1", 0))
    left = [cuts]

    def serve(client: socket.socket) -> None:
        posted = False
        with client, socket.create_connection((parts.hostname or "", parts.port or 0)) as server:
            while True:
                for ready in select.select([client, server], [], [])[0]:
                    if not (chunk := ready.recv(1 << 16)):
                        return
                    if ready is client:
                        posted |= chunk.startswith(b"POST")
                        server.sendall(chunk)
                    elif posted and left[0]:
                        left[0] -= 1
                        return
                    else:
                        client.sendall(chunk)

    def accept() -> None:
        with suppress(OSError):
            while True:
                threading.Thread(target=serve, args=(listening.accept()[0],), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        listening.close()


def test_a_write_whose_answer_is_lost_is_repeated_and_committed_once(control: Control, tmp_path: Path) -> None:
    file = write(tmp_path, "once", {"ping": 1})
    before = control.tip()
    with cutting_proxy(control.url, 1) as server:
        said = run("put", file, server=server)
    assert "by an earlier try" in said
    log = run_json("log", "-n", 2, server=control.url)
    assert log[1]["commit"] == before and log[0]["message"].startswith("Create game/once")
    with cutting_proxy(control.url, 2) as server:
        assert "cannot reach" in run("delete", "game/once", server=server, code=2)


def test_nothing_is_out_of_reach_in_silence(tmp_path: Path) -> None:
    file = write(tmp_path, "far", {"ping": 1})
    export = tmp_path / "export.json"
    export.write_text('{"kind": "ConfigExport"}')
    for command in (
        ("get", "game/far"),
        ("put", file),
        ("validate", file),
        ("edit", "game/far"),
        ("log",),
        ("diff", "0" * 40),
        ("rollback", "--all", "--to", "0" * 40),
        ("explain", "game/far"),
        ("proposals",),
        ("approve", "0" * 16),
        ("propose", "put", file),
        ("token", "ls"),
        ("audit", "ls"),
        ("watch",),
        ("status",),
        ("whoami",),
        ("export",),
        ("import", export),
    ):
        assert "cannot reach http://127.0.0.1:9" in run(*command, server="http://127.0.0.1:9", code=2), command


def test_a_server_that_is_no_url_is_wrong_usage() -> None:
    for server in ("nonsense", "ftp://x", "http://", "http://[bad", "http://x:99999999", "http://x/?a=1"):
        assert "is not a URL" in run("ls", "--server", server, code=2), server


def test_every_answer_is_json_when_asked_for(control: Control, tmp_path: Path) -> None:
    run("put", write(tmp_path, "json", {"ping": 1}), server=control.url)
    for command in (
        ("get", "game/json"),
        ("ls",),
        ("log",),
        ("diff", control.tip()),
        ("explain", "game/json", "ping"),
        ("explain", "game/json"),
        ("proposals",),
        ("audit", "ls"),
        ("status",),
        ("whoami",),
    ):
        run_json(*command, server=control.url)


def test_colours_are_for_terminals_that_want_them(control: Control, tmp_path: Path) -> None:
    run("put", write(tmp_path, "colour", {"ping": 1}), server=control.url)
    assert "\x1b" not in run("log", "--diff", "-n", 1, server=control.url)
    # script(1) gives it a terminal.
    command = f"configedge log --diff -n 1 --server {control.url}"
    shown = {}
    for name, more in (("plain", {"NO_COLOR": "1"}), ("coloured", {})):
        env = {**more, "TERM": "xterm-256color"}
        shown[name] = call_in_terminal(command, env)
    assert "\x1b[32m+ ping" in shown["coloured"]
    assert "\x1b[3" not in shown["plain"] and "+ ping" in shown["plain"]


def call_in_terminal(command: str, env: dict[str, str]) -> str:
    words = command.replace("configedge", COMMAND, 1)
    done = subprocess.run(
        ["script", "-qec", words, "/dev/null"], capture_output=True, text=True, env=environment("", env), timeout=30
    )
    return done.stdout


def test_an_unknown_parameter_of_a_command_is_wrong_usage(control: Control) -> None:
    assert call("get", "game/json", "--nonsense", server=control.url).returncode == 2
    assert "give --environment too" in run("get", "game/json", "--region", "eu", server=control.url, code=2)
