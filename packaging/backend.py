"""Build backend: maturin, plus the native `configrelay` command.

maturin puts either an extension module or a binary into a wheel (PyO3/maturin issue 368). So the relay is built first,
into maturin's data directory, whose `scripts/` are installed beside Python's own.
"""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import maturin
from maturin import get_requires_for_build_sdist, get_requires_for_build_wheel  # noqa: F401

ROOT = Path(__file__).resolve().parent.parent
SCRIPTS = ROOT / "target" / "configedge.data" / "scripts"
get_requires_for_build_editable = get_requires_for_build_wheel


def _build_relay() -> None:
    """Raises CalledProcessError if cargo fails; cargo has said why by then."""
    build = [
        "cargo",
        "build",
        "--locked",
        "--profile",
        "relay",
        "--package",
        "configrelay",
        "--message-format",
        "json-render-diagnostics",
    ]
    messages = subprocess.run(build, cwd=ROOT, check=True, stdout=subprocess.PIPE).stdout.splitlines()
    binary = next(path for line in messages if (path := json.loads(line).get("executable")))
    SCRIPTS.mkdir(parents=True, exist_ok=True)
    shutil.copy2(binary, SCRIPTS / "configrelay")


def build_wheel(*args: Any, **kwargs: Any) -> str:
    _build_relay()
    return maturin.build_wheel(*args, **kwargs)


def build_editable(*args: Any, **kwargs: Any) -> str:
    _build_relay()
    return maturin.build_editable(*args, **kwargs)


def build_sdist(*args: Any, **kwargs: Any) -> str:
    SCRIPTS.mkdir(parents=True, exist_ok=True)
    return maturin.build_sdist(*args, **kwargs)
