"""What `pip install` of the wheel gives, away from the source tree."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel's content, with its scripts beside it."""
    directory = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-build-isolation", "--no-deps", "--no-index"]
    # The backend calls maturin by name.
    environment = os.environ | {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    subprocess.run([*command, "--wheel-dir", str(directory), str(ROOT)], check=True, timeout=600, env=environment)
    [wheel] = directory.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(directory / "site")
    return directory / "site"


def run(unpacked: Path, *command: str) -> subprocess.CompletedProcess[str]:
    # -S -E leave the editable installation out; the dependencies come from where this Python has them.
    packages = [str(unpacked), *(path for path in sys.path if path.endswith("site-packages"))]
    script = f"import sys, runpy; sys.path[:0] = {packages!r}; sys.argv = {list(command)!r}; "
    script += f"runpy.run_module({command[0]!r}, run_name='__main__', alter_sys=True)"
    return subprocess.run(
        [sys.executable, "-S", "-E", "-c", script], capture_output=True, text=True, cwd=unpacked, timeout=60
    )


@pytest.mark.timeout(600)
def test_the_wheel_has_reader_command_line_matchmaker_relay_and_sync(unpacked: Path) -> None:
    for module in ("configedge.cli", "configedge.control", "matchmaker", "matchmaker.load"):
        done = run(unpacked, module, "--help")
        assert done.returncode == 0, done.stderr
        assert "usage" in done.stdout.lower()
    for name in ("configrelay", "configsync"):
        [binary] = unpacked.glob(f"*.data/scripts/{name}")
        binary.chmod(0o755)
        done = subprocess.run([binary, "--version"], capture_output=True, text=True, timeout=10)
        assert done.stdout.startswith(f"{name} ")


def test_the_wheel_has_the_matchmaker_compiled_and_leaves_the_source_tree_as_it_was(unpacked: Path) -> None:
    if what := subprocess.run([sys.executable, ROOT / "packaging/compiled.py", "--check"], capture_output=True).stderr:
        pytest.skip(what.decode())
    done = run(unpacked, "matchmaker.core.engine")
    # An extension module cannot be run by runpy; the sources could.
    assert "No code object available for matchmaker.core.engine" in done.stderr
    assert (unpacked / "matchmaker/core/engine.py").is_file()
    assert not list((ROOT / "matchmaker").rglob("*.so"))


def test_the_wheel_has_the_example_the_types_and_the_region_table(unpacked: Path) -> None:
    for file in (
        "configedge/example/matchmaking.yaml",
        "configedge/example/policies/manifest.yaml",
        "configedge/example/policies/matchmaking.wasm",
        "configedge/py.typed",
        "configedge/_core.pyi",
        "matchmaker/data/region_rtt_ms.csv",
    ):
        assert (unpacked / file).is_file(), file
    assert not list(unpacked.glob("tests*")) + list(unpacked.glob("benches*"))
