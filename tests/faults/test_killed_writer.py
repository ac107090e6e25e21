"""Writers that die at any moment: no reader ever sees a torn, mixed or older value."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from pathlib import Path

import configedge
from configedge.testing import publish

# Each publish gives every key the same number, above all that came before; sizes vary so that files do.
WRITER = """
import sys, random
from configedge.testing import Publisher
publisher, number = Publisher(sys.argv[1]), int(sys.argv[2])
print("ready", flush=True)
while True:
    number += 1
    values = {f"k{i}": number for i in range(40)}
    publisher.publish({"m": {**values, "pad": "x" * random.randrange(20_000), "last": number}}, f"{number:040x}")
"""


def test_kills_at_random_moments_leave_no_bad_generation(tmp_path: Path) -> None:
    directory = tmp_path / "run"
    publish(directory, {"m": {**{f"k{i}": 0 for i in range(40)}, "pad": "", "last": 0}}, f"{0:040x}")
    cfg = configedge.open(directory)
    handle = cfg.handle("m.last")
    last, switches, kills = 0, 0, 0
    generation = cfg.generation
    deadline = time.monotonic() + 6
    while time.monotonic() < deadline:
        command = [sys.executable, "-c", WRITER, str(directory), str(last)]
        writer = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        try:
            assert writer.stdout is not None
            assert writer.stdout.readline() == "ready\n"
            end = time.monotonic() + random.uniform(0.001, 0.15)
            while time.monotonic() < end:
                snap = cfg.snapshot()
                values = {snap[f"m.k{i}"] for i in range(40)} | {snap["m.last"], int(snap.commit, 16)}
                assert len(values) == 1, f"mixed: {values}"
                [now] = values
                assert now >= last, f"backwards: {now} after {last}"
                assert snap.generation >= generation
                switches += now != last
                last, generation = now, snap.generation
                assert handle() >= last
        finally:
            writer.kill()
            writer.communicate()
        kills += 1
        # The next one counts on from whatever this one announced at last.
        last = cfg["m.last"]
        assert cfg.health().failures == 0
    assert kills > 5
    assert switches > 100
    # Every writer swept what the one before left.
    publish(directory, {"m": {"last": last + 1}})
    assert [file.name for file in directory.iterdir() if file.name.startswith(".tmp-")] == []
