"""What the readers for C and Go do as generations come, and what they do not trust."""

from __future__ import annotations

import os
import time
from pathlib import Path

from tests.clients.answers import Answers, announce, publish, replace
from tests.format.test_format import serve
from tests.support.relay import wait_for
from tests.support.snapshot_format import Snapshot, encode


def test_each_publish_is_read_by_the_next_call(reader: Answers, directory: Path) -> None:
    for generation in range(6, 100):
        publish(directory, generation, generation)
        assert reader.ask("get v") == f"int {generation}"
    assert reader.ask("why") == "nothing"


def test_what_is_refused_leaves_the_last_good_until_a_better_one_comes(reader: Answers, directory: Path) -> None:
    file = encode(Snapshot(6, values={"v": 6}))
    replace(directory / f"g-{6:016x}", file[:-1] + b"\x7f")
    announce(directory, 6)
    assert reader.ask("get v") == "int 5"
    assert "checksum" in reader.ask("why")
    publish(directory, 7, 7, instance=8)
    wait_for(lambda: reader.ask("wait 20") == "false" and "instance" in reader.ask("why"))
    publish(directory, 8, 8)
    wait_for(lambda: reader.ask("wait 1000") == "true")
    assert (reader.ask("get v"), reader.ask("why")) == ("int 8", "nothing")


def test_what_failed_is_not_tried_again_by_each_read(reader: Answers, directory: Path) -> None:
    announce(directory, 6)
    # Tried after 10, 30, 70, 150, 310 and 630 ms.
    until = time.monotonic() + 0.35
    while time.monotonic() < until:
        assert reader.ask("get v") == "int 5"
    publish(directory, 6, 6)
    assert reader.ask("get v") == "int 5"
    wait_for(lambda: reader.ask("get v") == "int 6")


def test_a_generation_that_goes_back_is_refused(reader: Answers, directory: Path) -> None:
    publish(directory, 4, 4)
    assert reader.ask("get v") == "int 5"
    assert any(told in reader.ask("why") for told in ("nothing newer", "was announced after"))
    announce(directory, 5)
    wait_for(lambda: reader.ask("wait 20") == "false" and reader.ask("why") == "nothing")
    assert reader.ask("get v") == "int 5"


def test_a_file_that_is_gone_is_taken_once_it_is_there(reader: Answers, directory: Path) -> None:
    announce(directory, 6)
    assert reader.ask("get v") == "int 5"
    assert "o such file" in reader.ask("why")
    publish(directory, 6, 6)
    wait_for(lambda: reader.ask("wait 1000") == "true")
    assert reader.ask("get v") == "int 6"


def test_a_directory_that_was_given_up_is_opened_again_by_its_path(reader: Answers, directory: Path) -> None:
    gone = directory.rename(directory.with_name("gone"))
    serve(directory, encode(Snapshot(2, instance=9, values={"v": 2})))
    assert reader.ask("get v") == "int 5"
    announce(gone, 2**64 - 1)
    assert reader.ask("get v") == "int 2"


def test_a_directory_that_others_may_write_is_not_opened(reader: Answers, directory: Path) -> None:
    for path, mode in ((directory, 0o755), (directory / "current", 0o644), (directory / f"g-{5:016x}", 0o444)):
        for write in (0o020, 0o002):
            path.chmod(mode | write)
            assert reader.ask("reopen") != "opened"
        path.chmod(mode)
    assert reader.ask("reopen") == "opened"


def test_a_page_that_is_not_one_of_this_version_is_not_opened(reader: Answers, directory: Path) -> None:
    current = directory / "current"
    page = current.read_bytes()
    for at, part in ((0, b"X"), (8, b"\2"), (9, b"\1"), (12, b"\1"), (15, b"\4"), (64, bytes(8)), (64, b"\xff" * 8)):
        replace(current, page[:at] + part + page[at + len(part) :])
        assert reader.ask("reopen") != "opened"
    for bad in (b"", page[:4095], page + b"\0"):
        replace(current, bad)
        assert reader.ask("reopen") != "opened"
    replace(current, page[:10] + b"\7" + page[11:])
    assert reader.ask("reopen") == "opened"


def test_a_page_that_is_a_hole_is_not_opened(reader: Answers, directory: Path) -> None:
    replace(directory / "current", b"")
    os.truncate(directory / "current", 4096)
    assert reader.ask("reopen") != "opened"


def test_links_and_other_kinds_of_files_are_not_opened(reader: Answers, directory: Path) -> None:
    for name in ("current", f"g-{5:016x}"):
        path, elsewhere = directory / name, directory / "elsewhere"
        path.rename(elsewhere)
        path.symlink_to("elsewhere")
        assert reader.ask("reopen") != "opened"
        path.unlink()
        os.mkfifo(path, 0o444)
        assert reader.ask("reopen") != "opened"
        path.unlink()
        path.mkdir()
        assert reader.ask("reopen") != "opened"
        path.rmdir()
        elsewhere.rename(path)
    assert reader.ask("reopen") == "opened"
