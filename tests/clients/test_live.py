"""The readers in Rust, C and Go beside a real relay."""

from __future__ import annotations

import shutil
import signal
from functools import partial
from pathlib import Path

from tests.clients.answers import Answers, Command, answering
from tests.support.relay import bundle, running, wait_for


def says(reader: Answers, key: str, value: str) -> bool:
    return reader.ask(f"get {key}") == value


def test_a_changed_bundle_is_read(command: Command, tmp_path: Path) -> None:
    values = {"limit": 1, "real": 0.5, "text": "é", "yes": True, "none": None, "big": 2**70, "list": [1, [2.5]]}
    with running(tmp_path, first=bundle(values)) as relay, answering(command, relay.out) as reader:
        for key, shown in (
            ("limit", "int 1"), ("real", "float 0x3fe0000000000000"), ("text", "string é"), ("yes", "bool true"),
            ("big", f"big {2**70}"), ("list.1.0", "float 0x4004000000000000"), ("list.9", "missing"),
        ):  # fmt: skip
            assert reader.ask(f"get m.{key}") == shown
        assert reader.ask("get m.list").replace(" ", "") == "json[1,[2.5]]"
        for limit in range(2, 10):
            relay.put(bundle(values | {"limit": limit}))
            wait_for(partial(says, reader, "m.limit", f"int {limit}"))


def test_thousands_of_keys_are_found(command: Command, tmp_path: Path) -> None:
    values = {f"key_{number}": number for number in range(3000)}
    with running(tmp_path, first=bundle(values)) as relay, answering(command, relay.out) as reader:
        for number in range(3000):
            assert reader.ask(f"get m.key_{number}") == f"int {number}"


def test_a_publish_ends_a_wait(command: Command, tmp_path: Path) -> None:
    with running(tmp_path, first=bundle({"v": 1})) as relay, answering(command, relay.out) as reader:
        assert reader.ask("wait 20") == "false"
        relay.put(bundle({"v": 2}))
        wait_for(lambda: reader.ask("wait 1000") == "true")
        assert reader.ask("get m.v") == "int 2"


def test_a_killed_relay_is_read_on_and_the_next_one_followed(command: Command, tmp_path: Path) -> None:
    with running(tmp_path, first=bundle({"v": 1})) as relay, answering(command, relay.out) as reader:
        assert says(reader, "m.v", "int 1")
        relay.stop(signal.SIGKILL)
        assert reader.ask("get m.v") == "int 1"
        assert reader.ask("wait 10") == "false"
        relay.put(bundle({"v": 2}))
        relay.start()
        wait_for(partial(says, reader, "m.v", "int 2"))


def test_a_directory_deleted_under_a_killed_relay_and_made_anew_is_followed(command: Command, tmp_path: Path) -> None:
    with running(tmp_path, first=bundle({"v": 1})) as relay, answering(command, relay.out) as reader:
        assert says(reader, "m.v", "int 1")
        relay.stop(signal.SIGKILL)
        shutil.rmtree(relay.out)
        assert reader.ask("wait 10") == "false"
        assert reader.ask("get m.v") == "int 1"
        relay.put(bundle({"v": 2}))
        relay.start()
        wait_for(lambda: reader.ask("wait 50") == "true")
        assert reader.ask("get m.v") == "int 2"


def test_a_directory_deleted_under_a_running_relay_is_followed_by_reads_alone(command: Command, tmp_path: Path) -> None:
    with running(tmp_path, first=bundle({"v": 1})) as relay, answering(command, relay.out) as reader:
        assert says(reader, "m.v", "int 1")
        shutil.rmtree(relay.out)
        relay.put(bundle({"v": 2}))
        wait_for(partial(says, reader, "m.v", "int 2"))
