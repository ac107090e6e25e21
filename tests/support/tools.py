"""What tests need of the machine; where it is missing they skip by name."""

from __future__ import annotations

import os
import shutil
import subprocess
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@cache
def example(name: str) -> Path:
    """An example of one of our crates, compiled for tests.

    Of the workspace, as `cargo test` builds it: a package alone wants other features, and so its libraries built again.
    """
    if shutil.which("cargo") is None:
        pytest.skip("no Rust toolchain (cargo)")
    build = ["cargo", "build", "--locked", "--quiet", "--workspace", "--example", name]
    subprocess.run(build, cwd=ROOT, check=True)
    return ROOT / os.environ.get("CARGO_TARGET_DIR", "target") / "debug" / "examples" / name


def need_strace() -> None:
    if shutil.which("strace") is None:
        pytest.skip("strace is not installed: apt-get install strace")
    if subprocess.run(["strace", "-o", "/dev/null", "true"], capture_output=True).returncode != 0:
        pytest.skip("this machine does not allow tracing")
