"""docs/nodes.md says what is so."""

from __future__ import annotations

import re
from pathlib import Path

from configedge.cli import wait
from configedge.control import fleet, pacing, reach, tips
from configedge.kube import status, writer
from configedge.sync import hint, report
from tests.cli.shell import run

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "nodes.md").read_text()
FLAT = " ".join(PAGE.split())


def test_the_commands_are_there_with_their_options() -> None:
    lines = [
        line for block in re.findall(r"^```\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE) for line in block.splitlines()
    ]
    commands = [line.partition("#")[0] for line in lines if line.startswith("configedge ")]
    assert len(commands) >= 6
    for line in commands:
        command, *rest = line.split()[1:]
        group = [command, rest[0]] if command in ("sync", "kube") else [command]
        usage = run(*group, "--help", env={"COLUMNS": "200"})
        for option in (word for word in rest if word.startswith("--")):
            assert option in usage, f"{line}: there is no {option}"


def test_the_figures_are_those_of_the_code() -> None:
    for told in (
        f"every {hint.NET_S:g} s, give or take half",
        f"looked for again, {hint.LOOKS} times",
        f"one for {tips.FETCHES_S:g} of them",
        f"{tips.MAX_WAITING:,} may wait",
        f"silent for {fleet.LOST_S:g} s is lost",
        f"up to {fleet.INTERVAL_S * pacing.HEARTBEATS_S:,.0f} nodes",
        f"send it {pacing.HEARTBEATS_S:g} a second",
        f"every {pacing.LONGEST_S:g} s at most",
        f"between {report.LEAST_S:g} and {report.MOST_S:g} s",
        f"In the first {fleet.LOST_S:g} s of a control plane",
        f"at most {reach.MOST_TOLD} names",
        f"every {writer.LIST_S:g} s",
        f"field manager `{writer.MANAGER}`",
        f"| condition `{status.READY}` |",
        f"| {wait.LATE} | not in time",
    ):
        assert told in FLAT, told


def test_every_reason_is_on_the_page() -> None:
    source = Path(status.__file__).read_text()
    reasons = set(re.findall(r'Verdict\("(\w+)", "(\w+)"', source))
    assert reasons == set(re.findall(r"^\| (True|False|Unknown) \| `(\w+)` \|", PAGE, re.MULTILINE))
