from __future__ import annotations

import json
import os
import threading
import time
from pathlib import Path

import pytest

from configedge.bundle import BundlePath
from configedge.sync import spool as spool_module
from configedge.sync.spool import export, exported_commit

A, B = BundlePath("game", "a"), BundlePath("shop", "b")
ONE, TWO = "1" * 40, "2" * 40


def files(spool: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in (spool / "..data").iterdir() if not path.name.startswith(".")}


def test_an_export_is_a_directory_behind_one_link(tmp_path: Path) -> None:
    spool = tmp_path / "deep" / "spool"
    before = time.time_ns()
    assert export({A: b"a", B: b"b"}, ONE, 12.5, spool)
    assert files(spool) == {"game.a.yaml": b"a", "shop.b.yaml": b"b"}
    manifest = json.loads((spool / "..data/.configedge.json").read_text())
    assert (manifest["commit"], manifest["committed_at"]) == (ONE, 12.5) and manifest["export_ms"] > 0
    assert before < manifest["exported_at_ns"] < time.time_ns()
    assert (spool / "..data").is_symlink() and "/" not in os.readlink(spool / "..data")
    assert exported_commit(spool) == ONE


def test_what_is_there_already_is_not_written_again(tmp_path: Path) -> None:
    export({A: b"a"}, ONE, 1, tmp_path)
    link = os.readlink(tmp_path / "..data")
    assert not export({A: b"a"}, ONE, 1, tmp_path)
    assert os.readlink(tmp_path / "..data") == link
    assert export({A: b"a"}, TWO, 1, tmp_path), "another commit is news"
    assert export({}, TWO, 1, tmp_path) and files(tmp_path) == {}


def test_only_the_current_files_are_kept(tmp_path: Path) -> None:
    for n in range(4):
        export({A: b"%d" % n}, ONE, n, tmp_path)
    assert sorted(os.listdir(tmp_path)) == sorted(["..data", os.readlink(tmp_path / "..data")])


@pytest.mark.parametrize("same", [True, False])
def test_what_a_crash_left_is_swept(tmp_path: Path, same: bool) -> None:
    export({A: b"a"}, ONE, 1, tmp_path)
    left = tmp_path / "..configedge-2026-01-01-00-00-00-dead"
    left.mkdir()
    (left / "game.a.yaml").write_text("half")
    (tmp_path / "..data_tmp").symlink_to(left.name)
    (tmp_path / "..2026_kubelet").mkdir()
    (tmp_path / "mine.yaml").write_text("mine")
    assert export({A: b"a"}, ONE if same else TWO, 1, tmp_path) is not same
    assert sorted(os.listdir(tmp_path)) == sorted(
        ["..2026_kubelet", "..data", os.readlink(tmp_path / "..data"), "mine.yaml"]
    )
    assert files(tmp_path) == {"game.a.yaml": b"a"}


def test_files_torn_by_a_power_cut_are_written_again(tmp_path: Path) -> None:
    export({A: b"aaaa"}, ONE, 1, tmp_path)
    (tmp_path / "..data/game.a.yaml").write_bytes(b"")
    assert export({A: b"aaaa"}, ONE, 1, tmp_path)
    assert files(tmp_path) == {"game.a.yaml": b"aaaa"}


def test_a_failed_export_leaves_the_last_good(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    export({A: b"a"}, ONE, 1, tmp_path)
    before = sorted(os.listdir(tmp_path))

    def full(path: Path, text: bytes) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(spool_module, "_write", full)
    with pytest.raises(OSError, match="No space"):
        export({A: b"b"}, TWO, 2, tmp_path)
    assert files(tmp_path) == {"game.a.yaml": b"a"} and sorted(os.listdir(tmp_path)) == before


def test_a_reader_never_sees_some_of_each(tmp_path: Path) -> None:
    export({A: b"0", B: b"0"}, ONE, 0, tmp_path)
    stop = threading.Event()
    mixed: list[object] = []
    read = 0

    def watch() -> None:
        nonlocal read
        while not stop.is_set():
            # As a relay does: one open directory, then its files.
            directory = tmp_path / os.readlink(tmp_path / "..data")
            try:
                seen = {(directory / path.spool).read_bytes() for path in (A, B)}
            except FileNotFoundError:
                continue
            read += 1
            if len(seen) != 1:
                mixed.append(seen)

    reader = threading.Thread(target=watch)
    reader.start()
    for n in range(1, 300):
        export({A: b"%d" % n, B: b"%d" % n}, f"{n:040}", n, tmp_path)
    stop.set()
    reader.join()
    assert not mixed and read > 50
