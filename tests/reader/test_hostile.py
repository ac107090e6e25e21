"""What may lie in a directory instead of a snapshot: none of it is read, and no read raises for it."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

import configedge

Publish = Callable[..., int]
Spoil = Callable[[Path], object]


def _altered(file: Path) -> None:
    content = bytearray(file.read_bytes())
    content[-1] ^= 0xFF
    _replace(file, bytes(content))


def _replace(file: Path, content: bytes, mode: int = 0o444) -> None:
    file.unlink()
    file.write_bytes(content)
    file.chmod(mode)


def _symlink(file: Path) -> None:
    target = file.rename(file.with_name("elsewhere"))
    file.symlink_to(target)


def _fifo(file: Path) -> None:
    file.unlink()
    os.mkfifo(file, 0o444)


def _sparse(file: Path) -> None:
    content = file.read_bytes()
    _replace(file, content[:100])
    os.truncate(file, 1 << 20)


def _older(file: Path) -> None:
    older = file.with_name("g-0000000000000001").read_bytes()
    _replace(file, older)


SPOILS: dict[str, tuple[Spoil, str]] = {
    "altered": (_altered, "checksum"),
    "empty": (lambda file: _replace(file, b""), "0 bytes long"),
    "cut": (lambda file: _replace(file, file.read_bytes()[:-1]), "truncated or padded"),
    "longer": (lambda file: _replace(file, file.read_bytes() + b"\0"), "truncated or padded"),
    "oversized": (lambda file: (_replace(file, b""), os.truncate(file, 17 << 20)), "bytes long; a snapshot has"),
    "sparse": (_sparse, "sparse"),
    "another file": (lambda file: _replace(file, b"#!/bin/sh\n" * 100), "not a snapshot"),
    "older, under a newer name": (_older, "another generation or instance"),
    "symlink": (_symlink, "symbolic link"),
    "FIFO": (_fifo, "not a regular file"),
    "directory": (lambda file: (file.unlink(), file.mkdir()), "not a regular file"),
    "gone": (lambda file: file.unlink(), "No such file"),
    "writable by the group": (lambda file: file.chmod(0o464), "writable by group or others"),
    "writable by others": (lambda file: file.chmod(0o446), "writable by group or others"),
    "of another owner": (lambda file: os.chown(file, 12345, -1), "owned by uid 12345"),
    "unreadable": (lambda file: file.chmod(0), "denied"),
}
AS_ROOT = os.geteuid() == 0


@pytest.mark.parametrize("name", SPOILS)
def test_it_is_not_read_and_the_last_good_stays(publish: Publish, directory: Path, name: str) -> None:
    if name == "of another owner" and not AS_ROOT:
        pytest.skip("only root can give a file away")
    if name == "unreadable" and AS_ROOT:
        pytest.skip("root reads everything")
    spoil, told = SPOILS[name]
    publish(a=1)
    cfg = configedge.open(directory)
    handle, flag = cfg.handle("m.a"), cfg.handle("m.a")
    publish(a=2)
    spoil(max(directory.glob("g-*")))
    for _ in range(50):
        read = (cfg["m.a"], cfg.get("m.a"), cfg.many(("m.a",)), handle(), handle.value, cfg.view("m").a, "m.a" in cfg)
        assert read == (1, 1, (1,), 1, 1, 1, True)
        assert flag
    health = cfg.health()
    assert (health.ok, health.generation, health.announced) == (False, 1, 2)
    assert told in health.last_error
    assert str(directory) in health.last_error
    # A reader that comes now has nothing to keep, and is told why.
    with pytest.raises(configedge.OpenError, match=told):
        configedge.open(directory)


def test_a_generation_that_goes_back_is_not_followed(publish: Publish, directory: Path) -> None:
    publish(a=1)
    publish(a=2)
    cfg = configedge.open(directory)
    with open(directory / "current", "r+b") as page:
        page.seek(64)
        page.write((1).to_bytes(8, "little"))
    assert [cfg["m.a"] for _ in range(10)] == [2] * 10
    assert "generation 1 was announced after 2" in cfg.health().last_error


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (lambda page: page.chmod(0o666), "writable by group or others"),
        (lambda page: os.truncate(page, 4095), "not a regular file of 4096 bytes"),
        (lambda page: (os.truncate(page, 0), os.truncate(page, 4096)), "sparse"),
        (lambda page: page.write_bytes(b"x" * 4096), "not a control page"),
        (_symlink, "symbolic link"),
        (_fifo, "not a regular file"),
        (lambda page: page.unlink(), "no snapshot directory there"),
    ],
    ids=["writable", "cut", "sparse", "rubbish", "symlink", "FIFO", "gone"],
)
def test_a_control_page_that_must_not_be_trusted_is_not_opened(
    publish: Publish, directory: Path, spoil: Spoil, told: str
) -> None:
    publish(a=1)
    spoil(directory / "current")
    with pytest.raises(configedge.OpenError, match=told):
        configedge.open(directory)


def test_keys_without_utf_8_are_the_names_of_nothing(publish: Publish, directory: Path) -> None:
    publish(a=1)
    cfg = configedge.open(directory)
    for key in ("\ud800", "m.\udfff", "", "m.a\0", "x" * 10_000):
        assert cfg.get(key, 5) == 5
        assert key not in cfg
        assert key not in cfg.snapshot()
        for read in (cfg.__getitem__, cfg.snapshot().__getitem__, cfg.handle, lambda key: cfg.many((key,))):
            with pytest.raises(configedge.MissingKeyError):
                read(key)
