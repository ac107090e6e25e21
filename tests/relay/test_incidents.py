"""Public failures of other systems' configuration, each replayed here, each contained.

What went wrong is in the docstrings; sources: the operators' own reports (Cloudflare 2025-11-18 and 2025-12-05, Google
Cloud 2025-06-12, CrowdStrike 2024-07-19, Facebook 2021-10-04, AWS 2025-10-20, Knight Capital 2012) and the advisories.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

import configedge
from configedge.testing import Publisher
from tests.support.policies import install, module
from tests.support.relay import Relay, binary, bundle, remove, running, wait_for

FEATURES: dict[str, Any] = {"features": {f"f{number}": {"weight": number / 100} for number in range(60)}}


def codes(relay: Relay) -> list[str]:
    return [problem["code"] for told in relay.status().get("bundles", []) for problem in told["problems"]]


def test_a_generated_file_that_doubled(tmp_path: Path) -> None:
    """Cloudflare, 2025-11-18: rows came twice, the file outgrew a limit of its reader, and every reader panicked."""
    with running(tmp_path, first=bundle(FEATURES)) as relay:
        cfg = configedge.open(relay.out)
        copies = {f"{copy}-{name}": value for copy in "ab" for name, value in FEATURES["features"].items()}
        doubled = {"features": FEATURES["features"] | copies}
        relay.put(bundle(doubled))
        wait_for(lambda: codes(relay) == ["resize"])
        twice = bundle(FEATURES).replace('"f0":', '"f0": {"weight": 1}, "f0":')
        relay.put(twice)
        wait_for(lambda: codes(relay) == ["duplicate-key"])
        huge = {"features": {f"f{number}": 1 for number in range(10_001)}}
        relay.put(bundle(huge))
        wait_for(lambda: codes(relay) == ["limit"])
        assert cfg.snapshot().to_dict("m") == FEATURES


def test_a_switch_that_breaks_what_it_should_save(tmp_path: Path) -> None:
    """Cloudflare, 2025-12-05: the kill switch went the same instant way and hit a path nobody had run. Here it is a
    file on the node that changes no value, works without anything else, and is taken back by removing it.
    """
    with running(tmp_path, first=bundle({"v": 1})) as relay:
        cfg = configedge.open(relay.out)
        (relay.spool / "hold").touch()
        wait_for(lambda: relay.status()["state"] == "held")
        for value in range(2, 5):
            relay.put(bundle({"v": value}))
        relay.put("rubbish: [", "n.yaml")
        wait_for(lambda: len(relay.status()["bundles"]) == 2)
        assert (cfg["m.v"], cfg.generation) == (1, 1)
        (relay.spool / "n.yaml").unlink()
        (relay.spool / "hold").unlink()
        wait_for(lambda: cfg["m.v"] == 4)


@pytest.mark.parametrize("blank", ["null", '""', "{}", "[]"])
def test_blank_fields(tmp_path: Path, blank: str) -> None:
    """Google Cloud, 2025-06-12: a policy row with blank fields was in every region within seconds; nothing checked for
    null.
    """
    schema = {
        "required": ["quota"],
        "properties": {"quota": {"type": "object", "required": ["limit"],
                                 "properties": {"limit": {"type": "integer", "minimum": 1}}}},
    }  # fmt: skip
    with running(tmp_path, first=bundle({"quota": {"limit": 10}}, schema=schema)) as relay:
        cfg = configedge.open(relay.out)
        limit = cfg.handle("m.quota.limit", type=int)
        for text in (
            bundle({"quota": {"limit": 0}}, schema=schema).replace('"limit": 0', f'"limit": {blank}'),
            bundle({"quota": 0}, schema=schema).replace('"quota": 0', f'"quota": {blank}'),
        ):
            relay.put(text)
            wait_for(lambda: "schema" in codes(relay))
            assert limit() == 10
            relay.put(bundle({"quota": {"limit": 10}}, schema=schema))
            wait_for(lambda: codes(relay) == [])


def test_content_with_a_field_more_than_its_reader_knows(tmp_path: Path) -> None:
    """CrowdStrike, 2024-07-19: content had 21 fields, the code took 20, and what checked it agreed with the content.
    Here a service's own class refuses what does not fit it, and the value before is read on.
    """
    from dataclasses import dataclass

    @dataclass(frozen=True)
    class Rule:
        pattern: str
        fields: tuple[int, ...]

        def __post_init__(self) -> None:
            if len(self.fields) > 20:
                raise ValueError(f"{len(self.fields)} fields, and 20 are known")

    with running(tmp_path, first=bundle({"rule": {"pattern": "a", "fields": list(range(20))}})) as relay:
        cfg = configedge.open(relay.out)
        assert len(cfg.view("m.rule", into=Rule).fields) == 20
        relay.put(bundle({"rule": {"pattern": "b", "fields": list(range(21))}}))
        wait_for(lambda: cfg["m.rule.pattern"] == "b")
        assert cfg.view("m.rule", into=Rule).pattern == "a"
        assert "20 are known" in cfg.health().rejected["m.rule"]


def test_everything_else_is_down(tmp_path: Path) -> None:
    """Facebook, 2021-10-04: the tools for recovery needed the network that was broken. Here a file on the node is
    enough, and with the spool gone, the memory emptied and the relay restarted, the last good is there.
    """
    durable = tmp_path / "disk" / "last-good"
    with running(tmp_path, "--durable", str(durable), first=bundle({"v": 1})) as relay:
        relay.stop(signal.SIGKILL)
        remove(relay.spool)
        remove(relay.out)
        relay.start()
        relay.ready()
        cfg = configedge.open(relay.out)
        assert cfg["m.v"] == 1
        relay.spool.mkdir()
        relay.put(bundle({"v": 2}))
        wait_for(lambda: cfg["m.v"] == 2)


def test_an_old_plan_after_a_new_one(tmp_path: Path) -> None:
    """AWS, 2025-10-20: a delayed worker wrote an old plan over a newer one. A reader takes no generation below the one
    it has, and a directory has one writer.
    """
    publisher = Publisher(tmp_path / "out")
    publisher.publish({"m": {"v": 1}})
    old = sorted((tmp_path / "out").glob("g-*"))[-1].read_bytes()
    publisher.publish({"m": {"v": 2}})
    cfg = configedge.open(tmp_path / "out")
    assert cfg["m.v"] == 2
    with pytest.raises(OSError, match="another relay publishes here"):
        Publisher(tmp_path / "out")
    newest = sorted((tmp_path / "out").glob("g-*"))[-1]
    late = tmp_path / "out" / "late"
    late.write_bytes(old)
    late.chmod(0o444)
    late.rename(newest)
    assert cfg["m.v"] == 2
    assert cfg.snapshot()["m.v"] == 2
    with pytest.raises(OSError, match="another generation"):
        configedge.open(tmp_path / "out")


def test_an_empty_record(tmp_path: Path) -> None:
    """AWS, 2025-10-20: the clean-up deleted the plan in use, and an empty record was published."""
    with running(tmp_path, first=bundle({"endpoints": {"a": "10.0.0.1", "b": "10.0.0.2"}})) as relay:
        cfg = configedge.open(relay.out)
        relay.put(bundle({}))
        wait_for(lambda: codes(relay) == ["resize"])
        (relay.spool / "m.yaml").unlink()
        wait_for(lambda: [problem["code"] for problem in relay.status()["problems"]] == ["empty-spool"])
        assert cfg["m.endpoints.a"] == "10.0.0.1"
        # No clean-up ever takes the generation in use.
        for _ in range(20):
            relay.put(bundle({"endpoints": {"a": "10.0.0.1", "b": "10.0.0.3"}}))
            wait_for(lambda: cfg["m.endpoints.b"] == "10.0.0.3")
            relay.put(bundle({"endpoints": {"a": "10.0.0.1", "b": "10.0.0.2"}}))
            wait_for(lambda: cfg["m.endpoints.b"] == "10.0.0.2")
        assert (relay.out / f"g-{cfg.generation:016x}").exists()


def test_a_flag_that_one_of_eight_servers_knows_as_another(tmp_path: Path) -> None:
    """Knight Capital, 2012: a name was used again, and one server still had the old code for it. Here a service says
    the type it wants, and keeps its last good value when the name comes to mean something else.
    """
    with running(tmp_path, first=bundle({"power_peg": False})) as relay:
        cfg = configedge.open(relay.out)
        old_code = cfg.handle("m.power_peg", type=bool)
        assert old_code() is False
        relay.put(bundle({"power_peg": {"enabled": True, "venue": "new"}}))
        wait_for(lambda: cfg.get("m.power_peg.venue") == "new")
        assert old_code() is False
        assert "m.power_peg" in cfg.health().rejected


@pytest.mark.parametrize(
    "name",
    ["../../etc/passwd", "..%2f..%2fetc", "a/b", ".", "..", "a\x00b", "con fig", "A", "%2e%2e", "x" * 64, "-a", "a-"],
)
def test_a_name_that_is_a_path(tmp_path: Path, name: str) -> None:
    """Spring Cloud Config, CVE-2019-3799, 2020-5405, 2020-5410, 2026-22739: a name became a path and read any file."""
    with running(tmp_path, first=bundle({"v": 1})) as relay:
        text = bundle({"v": 2}).replace("name: m,", f"name: {json.dumps(name)},")
        relay.put(text, "n.yaml")
        wait_for(lambda: any(code in ("name", "yaml-syntax") for code in codes(relay)))
        assert configedge.open(relay.out).snapshot().to_dict() == {"m": {"v": 1}}
        assert {file.name for file in tmp_path.iterdir()} == {"spool", "out"}


def test_a_link_that_is_swapped_for_one_that_leads_out(tmp_path: Path) -> None:
    """Kubernetes, CVE-2017-1002102 and CVE-2021-25741: a link in a shared volume led to files of the host."""
    secret = tmp_path / "secret"
    secret.mkdir()
    (secret / "m.yaml").write_text(bundle({"v": "secret"}))
    with running(tmp_path, first=bundle({"v": 1})) as relay:
        for target in (secret, Path("..") / "secret", Path("/etc")):
            link = relay.spool / "..data_tmp"
            link.symlink_to(target)
            link.rename(relay.spool / "..data")
            wait_for(lambda: [problem["code"] for problem in relay.status()["problems"]] == ["io"])
            assert configedge.open(relay.out)["m.v"] == 1
            (relay.spool / "..data").unlink()
            wait_for(lambda: relay.status()["problems"] == [])
        (relay.spool / "policies").symlink_to(secret)
        (relay.spool / "n.yaml").symlink_to(secret / "m.yaml")
        wait_for(lambda: codes(relay) == ["io"])


def test_what_validates_is_attacked(tmp_path: Path) -> None:
    """ingress-nginx, CVE-2025-1974: "validate before apply" ran what it was to check, in a privileged pod. Here what
    runs has no import to call, and the process around it no right to use.
    """
    policies = install(
        tmp_path / "spool" / "policies",
        {"evil": '(module (import "wasi_snapshot_preview1" "path_open" (func)) (memory (export "memory") 1))',
         "loop": module(body="(loop $on (br $on))")},
    )  # fmt: skip
    assert policies.is_dir()
    with running(tmp_path, first=bundle({"v": 1})) as relay:
        for name, why in (
            ("evil", ["it imports wasi_snapshot_preview1.path_open"]),
            ("loop", ["fuel", "of the processor"]),
        ):
            relay.put(bundle({"v": 2}) + f"  policies: [{name}]\n")
            wait_for(lambda why=why: any(one in str(relay.status()["bundles"]) for one in why))
            assert configedge.open(relay.out)["m.v"] == 1
        assert relay.process is not None
        assert "CapEff:\t0000000000000000" in Path(f"/proc/{relay.process.pid}/status").read_text()


def test_an_expression_that_eats_the_machine(tmp_path: Path) -> None:
    """cel-rust 212, 305, 306: 125 bytes of an expression took gigabytes. Here patterns are automata of bounded size,
    and what cannot be one is refused when it is written.
    """
    evil = ["(a+)+$", "(?=a)b", r"(a)\1", "a{1000000}", "((a{100}){100}){100}"]
    for pattern in evil:
        schema = {"properties": {"v": {"type": "string", "pattern": pattern}}}
        file = tmp_path / "m.yaml"
        file.write_text(bundle({"v": "a" * 60_000 + "b"}, schema=schema))
        done = subprocess.run([binary(), "check", file], capture_output=True, text=True, timeout=10)
        assert done.returncode == 1, pattern


def test_a_message_that_is_lost(tmp_path: Path) -> None:
    """Redis publish and subscribe: a message that comes while the connection is down never comes. Here no message is
    needed.
    """
    with running(tmp_path, "--watch", "poll", first=bundle({"v": 1})) as relay:
        assert relay.process is not None
        relay.process.send_signal(signal.SIGSTOP)
        relay.put(bundle({"v": 2}))
        relay.process.send_signal(signal.SIGCONT)
        cfg = configedge.open(relay.out)
        wait_for(lambda: cfg["m.v"] == 2)


def test_a_full_node(tmp_path: Path) -> None:
    """A tmpfs that is full: the relay says so, readers go on, and it publishes when there is room."""
    if os.geteuid() != 0:
        pytest.skip("only root can mount a small file system")
    small = tmp_path / "small"
    small.mkdir()
    if subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=256k,mode=755", "tmpfs", small], capture_output=True
    ).returncode:
        pytest.skip("mounting is not allowed here")
    relay = Relay(tmp_path)
    relay.out = small / "out"
    try:
        relay.put(bundle({"v": 1}))
        relay.start()
        relay.ready()
        cfg = configedge.open(relay.out)
        filler = os.open(small / "filler", os.O_WRONLY | os.O_CREAT)
        with suppress(OSError):
            while True:
                os.write(filler, b"x" * 4096)
        os.close(filler)
        large = bundle({"v": 2, "pad": ["x" * 60_000]} | {f"k{n}": n for n in range(10)})
        meant = 'namespace: default, annotations: {"configedge.io/allow-resize": "true"}'
        relay.put(large.replace("namespace: default", meant))
        time.sleep(2)
        assert cfg["m.v"] == 1
        (small / "filler").unlink()
        wait_for(lambda: cfg["m.v"] == 2)
        wait_for(lambda: relay.status()["state"] == "ok")
    finally:
        relay.stop()
        subprocess.run(["umount", "--lazy", small])
        shutil.rmtree(small, ignore_errors=True)
