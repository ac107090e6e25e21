"""docs/migrating-from-redis.md is walked from top to bottom, against a real Redis, control plane and relay."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from configedge.cli.processes import start_relay
from configedge.migrate.map import LegacyMap
from tests.cli.shell import COMMAND, environment
from tests.support.control import Control, running
from tests.support.legacy import Redis, legacy_redis
from tests.support.relay import wait_for

PAGE = Path(__file__).resolve().parents[2] / "docs" / "migrating-from-redis.md"
FOR_EVER = "--metrics"
"""What is in the one command that does not end."""


@dataclass
class Walk:
    """Where a reader of the page is."""

    directory: Path
    legacy: Redis
    control: Control
    mirror: subprocess.Popen[bytes] | None = None
    said: list[str] = field(default_factory=list)
    scope: dict[str, Any] = field(default_factory=lambda: {"__name__": "page"})

    def step(self, kind: str, text: str) -> None:
        text = text.replace("redis://127.0.0.1:6379/0", self.legacy.url)
        text = text.replace("/run/configedge", str(self.directory / "out"))
        match kind:
            case "yaml":
                (self.directory / "map.yaml").write_text(text)
            case "python":
                text = text.replace("map.yaml", str(self.directory / "map.yaml"))
                exec(compile(text, str(PAGE), "exec", dont_inherit=True), self.scope)
            case "sh":
                for line in text.splitlines():
                    self._run(line)

    def _run(self, line: str) -> None:
        env = environment(self.control.url, {"PATH": f"{self.directory / 'bin'}:{os.environ['PATH']}"})
        if FOR_EVER in line:
            with socket.socket() as probe:
                probe.bind(("127.0.0.1", 0))
                line = line.replace("9465", str(probe.getsockname()[1]))
            self.mirror = subprocess.Popen(["bash", "-c", f"exec {line}"], cwd=self.directory, env=env)
            return
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", line],
            capture_output=True,
            text=True,
            cwd=self.directory,
            env=env,
            timeout=60,
        )
        assert done.returncode == 0, f"{line}\n{done.stdout}{done.stderr}"
        self.said.append(done.stdout)


@contextmanager
def walk(directory: Path) -> Iterator[Walk]:
    for program in ("redis-cli", "bash"):
        if shutil.which(program) is None:
            pytest.skip(f"{program} is not installed")
    spool = directory / "spool"
    with legacy_redis(directory) as legacy, running(directory / "repo", "--spool", str(spool)) as control:
        programs = directory / "bin"
        programs.mkdir()
        (programs / "redis-cli").write_text(f'#!/bin/sh\nexec {shutil.which("redis-cli")} -p {legacy.port} "$@"\n')
        (programs / "configedge").write_text(f'#!/bin/sh\nexec {COMMAND} "$@"\n')
        for script in programs.iterdir():
            script.chmod(0o755)
        relay = start_relay(spool, directory / "out", directory / "relay.log")
        here = Walk(directory, legacy, control)
        try:
            yield here
        finally:
            relay.stop()
            if here.mirror is not None:
                here.mirror.kill()
                here.mirror.wait()


def sections() -> dict[str, list[tuple[str, str]]]:
    """Blocks of each section: language and text."""
    found: dict[str, list[tuple[str, str]]] = {}
    for part in re.split(r"^## ", PAGE.read_text(), flags=re.MULTILINE):
        title, _, rest = part.partition("\n")
        found[title] = re.findall(r"^```(\w*)\n(.*?)^```", rest, re.DOTALL | re.MULTILINE)
    return found


def test_the_two_weeks_go_as_the_page_says(tmp_path: Path) -> None:
    days = iter(sections().items())
    with walk(tmp_path) as here:
        legacy, read = here.legacy, here.control.get

        def day(title: str) -> list[str]:
            name, blocks = next(days)
            assert title in name
            here.said.clear()
            for kind, text in blocks:
                here.step(kind, text)
            return here.said

        day("From Redis")
        assert legacy.text("mm:zip") == "00123"

        [told] = day("the map")
        shown = next(text for kind, text in sections()["Day 1: the map"] if kind == "")
        squeezed = [line.split() for line in told.splitlines()]
        assert all(line.split() in squeezed for line in shown.splitlines()), told
        assert read("treasure-hunt/matchmaking").status_code == 404
        assert "left out" not in told, "the lock is skipped"

        committed, log, again = day("the import")
        assert "committed" in committed and "From the old Redis" in log and "nothing changes" in again
        values = read("treasure-hunt/matchmaking").json()["document"]["spec"]["values"]
        assert (values["ranked"], values["zip"], values["regions"]["eu-west-1"]) == (
            True,
            "00123",
            {"weight": 1.5, "open": True},
        )

        day("shadow")
        shadow = here.scope["shadow"]
        shadow._sample = shadow._left = 1
        assert here.scope["max_ping_ms"]() == 80
        assert here.scope["region"]("eu-west-1") == {"weight": "1.5", "open": "true"}
        assert here.scope["queues"]() == {"mm:queue:duel:max_wait_s": "30", "mm:ranked": "1"}
        assert shadow.flush(30) and not shadow.mismatches
        assert shadow.counts["match"] + shadow.counts["settling"] == 4, shadow.counts

        nothing, dry, *_ = day("the mirror")
        assert "nothing changes" in nothing and "0 would be written, 0 deleted" in dry
        wait_for(lambda: legacy.text("mm:max_ping_ms") == "90", 30)
        assert legacy.text("mm:ranked") == "0" and legacy.hash("mm:regions:eu-west-1")["weight"] == "2.0"
        assert legacy.text("mm:lock:deploy") == "somebody"

        day("the switch")
        wait_for(lambda: here.scope["max_ping_ms"]() == 90, 30)
        assert here.scope["region"]("eu-west-1").weight == 2.0

        assert here.mirror is not None
        here.mirror.terminate()
        assert here.mirror.wait(20) == 0
        day("what remains")
        assert legacy.client.keys("*") == ["mm:lock:deploy"]
        assert "max_ping_ms" in (tmp_path / "configuration.json").read_text()


def test_the_commands_are_there_with_their_options() -> None:
    text = PAGE.read_text()
    named = [
        line for blocks in sections().values() for kind, block in blocks if kind == "sh" for line in block.splitlines()
    ]
    named += re.findall(r"`(configedge [^`]+)`", text)
    for line in named:
        words = line.split()
        if words[0] != "configedge":
            continue
        group = words[1:3] if words[1] == "migrate" else words[1:2]
        told = subprocess.run([COMMAND, *group, "--help"], capture_output=True, text=True, env={"COLUMNS": "200"})
        assert told.returncode == 0, f"{line}: {told.stderr}"
        for option in (word for word in words if word.startswith("--")):
            assert option in told.stdout, f"{line}: there is no {option}"


def test_the_members_of_a_rule_are_those_of_the_page(tmp_path: Path) -> None:
    rows = re.findall(
        r"^\| (`[a-z`, ]+`) \|", PAGE.read_text().partition("## The map")[2].partition("## From")[0], re.MULTILINE
    )
    named = [name for row in rows for name in re.findall(r"`(\w+)`", row)]
    values = {"prefix": "x:", "bundle": "a/b", "separator": ":", "at": "c", "infer": False, "types": {"c.d": "bit"}}
    values |= {"forms": {"c.e": "redisjson"}, "keys": {"x:odd": "c.f"}, "secrets": ["c.g"], "public": ["c.h"]}
    assert sorted(named) == sorted(values)
    file = tmp_path / "map.yaml"
    file.write_text(
        f"apiVersion: configedge.io/v1alpha1\nkind: LegacyMap\nrules: [{values!r}]\n".replace("False", "false")
    )
    assert LegacyMap.load(file).reader_key("x:odd") == "b.c.f"
