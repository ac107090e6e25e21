"""The source distribution has all that a wheel is built from."""

from __future__ import annotations

import os
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def test_it_has_every_file_that_git_has(tmp_path: Path) -> None:
    if not (ROOT / ".git").exists():
        pytest.skip("not a Git checkout")
    build = f"import sys; sys.path.insert(0, 'packaging'); import backend; backend.build_sdist({str(tmp_path)!r})"
    environment = os.environ | {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    subprocess.run([sys.executable, "-c", build], cwd=ROOT, check=True, timeout=120, env=environment)
    [sdist] = tmp_path.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, check=True, capture_output=True, text=True).stdout.split(
        "\n"
    )
    # A link that editable installs find the matchmaker by: an archive has the directory itself.
    missing = set(filter(None, tracked)) - names - {"python/matchmaker"}
    assert {name for name in missing if (ROOT / name).exists()} == set()
