"""`configedge edit`, with editors that are scripts: nobody's text is ever lost, nobody's change is overwritten."""

from __future__ import annotations

import json
import os
import re
import shlex
import signal
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.cli.shell import COMMAND, PYTHON, call, environment, run, run_json, write
from tests.support.control import Control, push_file, running

SCHEMA = {"properties": {"ping": {"type": "integer", "maximum": 500}}}
VALUES = {"ping": 80, "mode": "duel", "regions": {"eu": 1, "us": 2}}


class Editor:
    """What it does at each time that it is started, in Python: `text` is the file's text before, and after."""

    def __init__(self, directory: Path, *steps: str) -> None:
        self._seen = directory / "seen"
        self._seen.mkdir()
        script = directory / "editor.py"
        body = "\n".join(
            f"if number == {number}:\n" + "".join(f"    {line}\n" for line in step.splitlines())
            for number, step in enumerate(steps)
        )
        script.write_text(
            f"import json, os, subprocess, sys\nfile, seen = sys.argv[1], {str(self._seen)!r}\n"
            "number = len(os.listdir(seen))\ntext = open(file).read()\nopen(f'{seen}/{number}', 'w').write(text)\n"
            f"{body}\nopen(file, 'w').write(text)\n"
        )
        self.command = shlex.join([PYTHON, str(script)])

    @property
    def env(self) -> dict[str, str]:
        return {"EDITOR": self.command, "VISUAL": "", "TMPDIR": str(self._seen.parent)}

    def saw(self, number: int) -> str:
        return (self._seen / str(number)).read_text()

    def starts(self) -> int:
        return len(os.listdir(self._seen))


@pytest.fixture
def bundle(control: Control, tmp_path: Path, request: pytest.FixtureRequest) -> str:
    """One for each test."""
    name = re.sub(r"[^a-z0-9]+", "-", request.node.name)[-60:].strip("-")
    run("put", write(tmp_path, name, VALUES, SCHEMA), server=control.url)
    return f"game/{name}"


def values(control: Control, bundle: str) -> Any:
    return run_json("get", bundle, server=control.url)["document"]["spec"]["values"]


def kept(said: str) -> Path:
    """The file that the text was kept in."""
    found = re.search(r"your text is in (\S+)", said)
    assert found, said
    return Path(found[1])


def change(server: str, bundle: str, patch: dict[str, Any]) -> str:
    """A step in which a colleague is quicker."""
    command = [COMMAND, "patch", bundle, json.dumps({"spec": {"values": patch}}), "--server", server, "-m", "Quicker"]
    return f"subprocess.run({command!r}, check=True, stdout=-3)\n"


def test_an_edit_shows_its_keys_and_is_committed(control: Control, tmp_path: Path, bundle: str) -> None:
    editor = Editor(tmp_path, "text = text.replace('ping: 80', 'ping: 90').replace('    mode: duel\\n', '')")
    done = call("edit", bundle, "-m", "Slower", server=control.url, env=editor.env, stdin="y\n")
    assert done.returncode == 0, done.stderr
    assert "~ ping  80 -> 90" in done.stdout and "- mode  duel  DELETED" in done.stdout
    assert "!! 1 key deleted" in done.stdout and "Commit it?" in done.stderr and "committed" in done.stdout
    assert values(control, bundle) == {"ping": 90, "regions": {"eu": 1, "us": 2}}
    assert "Slower" in run("log", "-n", 1, server=control.url)
    assert "your text" not in done.stderr and editor.saw(0).startswith(f"#| {bundle}.")


def test_an_unchanged_file_does_nothing(control: Control, tmp_path: Path, bundle: str) -> None:
    tip = control.tip()
    assert run("edit", bundle, server=control.url, env=Editor(tmp_path, "pass").env) == "nothing changed\n"
    assert control.tip() == tip


def test_what_is_wrong_is_shown_with_its_line_until_it_is_right(control: Control, tmp_path: Path, bundle: str) -> None:
    editor = Editor(
        tmp_path,
        "text = text.replace('ping: 80', 'ping: [')",
        "text = text.replace('ping: [', 'ping: 900')",
        "text = text.replace('ping: 900', 'ping: 400')",
    )
    assert "committed" in run("edit", bundle, "--yes", server=control.url, env=editor.env)
    assert "#| It is refused." in editor.saw(1) and "#| line " in editor.saw(1)
    told = re.search(r"^#\| line (\d+): spec\.values\.ping: 900 .*maximum", editor.saw(2), re.MULTILINE)
    assert told and editor.saw(2).splitlines()[int(told[1]) - 1].strip() == "ping: 900"
    assert editor.saw(2).count("It is refused") == 1 and values(control, bundle)["ping"] == 400


def test_what_the_control_plane_refuses_is_shown_with_its_line_too(
    control: Control, tmp_path: Path, bundle: str
) -> None:
    patch = '[{"op": "remove", "path": "/spec/values/mode"}]'
    run("patch", bundle, "--json-patch", patch, server=control.url)
    editor = Editor(tmp_path, "text = text.replace('    ping: 80', '    mode: duel\\n    ping: 80')", "pass")
    done = call("edit", bundle, "--yes", server=control.url, env=editor.env)
    assert done.returncode == 1 and "nothing was corrected" in done.stderr
    told = re.search(r"^#\| line (\d+): spec\.values\.mode: this key was deleted", editor.saw(1), re.MULTILINE)
    assert told and editor.saw(1).splitlines()[int(told[1]) - 1].strip() == "mode: duel"
    assert "mode: duel" in kept(done.stderr).read_text()
    # What was kept is a file as any other.
    assert "committed" in run("put", kept(done.stderr), "--revive", server=control.url)


def test_a_colleagues_change_meanwhile_is_told_and_merged(control: Control, tmp_path: Path, bundle: str) -> None:
    editor = Editor(
        tmp_path,
        change(control.url, bundle, {"ping": 85, "regions": {"eu": 5}})
        + "text = text.replace('ping: 80', 'ping: 90').replace('us: 2', 'us: 3')",
        "pass",
    )
    assert "committed" in run("edit", bundle, "--yes", server=control.url, env=editor.env)
    seen = editor.saw(1)
    assert "was changed meanwhile" in seen and "Quicker" in seen
    assert "#| both changed spec.values.ping: yours is here, theirs is 85" in seen
    assert "ping: 90" in seen and "eu: 5" in seen and "us: 3" in seen
    assert values(control, bundle) == {"ping": 90, "mode": "duel", "regions": {"eu": 5, "us": 3}}


def test_a_colleague_who_is_quicker_between_question_and_answer_is_met_too(
    control: Control, tmp_path: Path, bundle: str
) -> None:
    editor = Editor(tmp_path, "text = text.replace('ping: 80', 'ping: 90')", "pass")
    process = subprocess.Popen(
        [COMMAND, "edit", bundle],
        env=environment(control.url, editor.env),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdin and process.stderr
    asked = b""
    while b"dit again" not in asked:
        asked += process.stderr.read(1)
    run("patch", bundle, '{"spec":{"values":{"mode":"team"}}}', server=control.url)
    _, errors = process.communicate(b"y\ny\n", timeout=30)
    assert process.returncode == 0, errors
    assert values(control, bundle) == {"ping": 90, "mode": "team", "regions": {"eu": 1, "us": 2}}
    assert "mode: team" in editor.saw(1)


def test_an_editor_that_fails_leaves_the_text_in_a_file(control: Control, tmp_path: Path, bundle: str) -> None:
    editor = Editor(tmp_path, "text = text.replace('ping: 80', 'ping: 90')\nopen(file, 'w').write(text)\nsys.exit(3)")
    said = run("edit", bundle, server=control.url, env=editor.env, code=1)
    assert "exit code 3; nothing was written" in said and "ping: 90" in kept(said).read_text()
    assert kept(said).stat().st_mode & 0o077 == 0 or kept(said).parent.stat().st_mode & 0o077 == 0
    assert values(control, bundle)["ping"] == 80
    assert "set EDITOR" in run("edit", bundle, server=control.url, env={"EDITOR": "/nonexistent/editor"}, code=2)
    assert "your text" not in run("edit", bundle, server=control.url, env={"EDITOR": "false"}, code=1)


def test_a_no_keeps_the_text_and_a_second_look_is_possible(control: Control, tmp_path: Path, bundle: str) -> None:
    editor = Editor(tmp_path, "text = text.replace('ping: 80', 'ping: 90')", "text = text.replace('90', '91')", "pass")
    done = call("edit", bundle, server=control.url, env=editor.env, stdin="e\nn\n")
    assert done.returncode == 1 and editor.starts() == 2
    assert "~ ping  80 -> 91" in done.stdout and "ping: 91" in kept(done.stderr).read_text()
    assert values(control, bundle)["ping"] == 80


def test_nobody_to_answer_is_a_no(control: Control, tmp_path: Path, bundle: str) -> None:
    editor = Editor(tmp_path, "text = text.replace('ping: 80', 'ping: 90')")
    said = run("edit", bundle, server=control.url, env=editor.env, code=1)
    assert "--yes" in said and "ping: 90" in kept(said).read_text() and values(control, bundle)["ping"] == 80


def test_a_control_plane_that_dies_meanwhile_costs_no_text(tmp_path: Path) -> None:
    with running(tmp_path / "repo") as control:
        run("put", write(tmp_path, "mortal", VALUES), server=control.url)
        step = f"os.kill({control.process.pid}, {int(signal.SIGKILL)})\ntext = text.replace('ping: 80', 'ping: 90')"
        said = run("edit", "game/mortal", "--yes", server=control.url, env=Editor(tmp_path, step).env, code=2)
        assert "cannot reach" in said and "ping: 90" in kept(said).read_text()


def test_a_dry_run_shows_and_keeps(control: Control, tmp_path: Path, bundle: str) -> None:
    editor = Editor(tmp_path, "text = text.replace('ping: 80', 'ping: 90')")
    done = call("edit", bundle, "--dry-run", server=control.url, env=editor.env)
    assert done.returncode == 0 and "~ ping  80 -> 90" in done.stdout and "dry run" in done.stdout
    assert "ping: 90" in kept(done.stderr).read_text() and values(control, bundle)["ping"] == 80


def test_for_a_program_the_result_alone_is_on_standard_output(control: Control, tmp_path: Path, bundle: str) -> None:
    editor = Editor(tmp_path, "text = text.replace('ping: 80', 'ping: 90')")
    done = call("edit", bundle, "--json", server=control.url, env=editor.env, stdin="y\n")
    assert done.returncode == 0 and "~ ping  80 -> 90" in done.stderr
    assert json.loads(done.stdout)["document"]["spec"]["values"]["ping"] == 90


def test_an_overlay_is_begun_in_the_editor(control: Control, tmp_path: Path, bundle: str) -> None:
    editor = Editor(tmp_path, "text = text.replace('values: {}', 'values: {mode: null}')")
    said = run("edit", bundle, "-e", "prod", "--yes", server=control.url, env=editor.env)
    assert "nodes of prod" in said and "- mode  duel  DELETED" in said
    assert "It is not there yet" in editor.saw(0)
    assert run_json("get", f"{bundle}@prod", server=control.url)["document"]["spec"]["values"] == {"mode": None}


def test_a_bundle_cannot_become_another_one_and_an_empty_file_gives_up(
    control: Control, tmp_path: Path, bundle: str
) -> None:
    editor = Editor(tmp_path, "text = text.replace('namespace: game', 'namespace: other')", "text = ''")
    said = run("edit", bundle, "--yes", server=control.url, env=editor.env, code=1)
    assert "metadata.name: it says that it is other/" in editor.saw(1) and "the file is empty" in said
    assert "namespace: other" in kept(said).read_text()


def test_a_bundle_that_is_broken_in_git_can_be_repaired(control: Control, tmp_path: Path) -> None:
    text = "apiVersion: configedge.io/v1alpha1\nkind: ConfigBundle\nmetadata: {name: torn, namespace: game}\nspec:\n"
    text += "  values: {a: 1}\n  nonsense: 1\n"
    push_file(control.repo, tmp_path / "work", "bundles/game/torn.yaml", text, unchecked=True)
    editor = Editor(tmp_path, "text = text.replace('  nonsense: 1\\n', '')")
    run("edit", "game/torn", "--yes", server=control.url, env=editor.env)
    assert "What is there is broken:" in editor.saw(0) and "#| line " in editor.saw(0)
    assert values(control, "game/torn") == {"a": 1}
