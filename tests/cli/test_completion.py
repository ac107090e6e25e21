from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from pathlib import Path

import pytest

from tests.cli.shell import COMMAND, environment, run, write
from tests.support.control import Control


def completed(words: str, server: str) -> list[str]:
    """What bash offers after these words."""
    script = f"""
set -eu
eval "$(configedge completion bash)"
read -ra COMP_WORDS <<< {words!r}
[[ {words!r} == *" " ]] && COMP_WORDS+=("")
COMP_CWORD=$(( ${{#COMP_WORDS[@]}} - 1 ))
$(complete -p configedge | sed 's/.*-F \\([^ ]*\\) .*/\\1/') configedge
printf '%s\\n' "${{COMPREPLY[@]}}"
"""
    env = environment(server, {"PATH": f"{Path(COMMAND).parent}:{os.environ['PATH']}"})
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, env=env, timeout=30)
    assert done.stderr == "", done.stderr
    return done.stdout.split()


def test_bash_completes_commands_options_and_bundles(control: Control, tmp_path: Path) -> None:
    run("put", write(tmp_path, "first", {"a": 1}), write(tmp_path, "second", {"a": 1}), server=control.url)
    assert completed("configedge ex", control.url) == ["explain", "export"]
    assert completed("configedge token cr", control.url) == ["create"]
    assert "--environment" in completed("configedge put --", control.url)
    assert completed("configedge get game/", control.url) == ["game/first", "game/second"]
    assert completed("configedge edit game/s", control.url) == ["game/second"]
    assert completed("configedge rollback gam", control.url) == ["game/first", "game/second"]


def test_completion_does_not_wait_for_a_server_that_says_nothing() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        server = f"http://127.0.0.1:{silent.getsockname()[1]}"
        env = environment(server, {"_CONFIGEDGE_COMPLETE": "complete_bash", "COMP_CWORD": "2"})
        start = time.monotonic()
        done = subprocess.run(
            [COMMAND], capture_output=True, text=True, env={**env, "COMP_WORDS": "configedge get ga"}, timeout=30
        )
        assert time.monotonic() - start < 5
    assert done.stdout.strip() == "" and done.stderr == ""


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_script_of_a_shell_is_one(shell: str, tmp_path: Path) -> None:
    script = tmp_path / "script"
    script.write_text(run("completion", shell))
    assert "_CONFIGEDGE_COMPLETE" in script.read_text()
    if shutil.which(shell) is None:
        pytest.skip(f"{shell} is not installed")
    subprocess.run([shell, "-n", str(script)], check=True, timeout=30)


def test_another_shell_is_wrong_usage() -> None:
    run("completion", "tcsh", code=2)
