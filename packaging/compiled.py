"""Compiles what a ticket's way through the matchmaker is made of, by mypyc, from the very files that run without it.

The wheel has both: the compiled modules are imported where they fit the interpreter, and the `.py` files say the same,
half as fast. `python packaging/compiled.py DIRECTORY` leaves a copy of the package there with compiled modules in it.
"""

import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = "matchmaker"
# Classes of msgspec and dataclasses that it turns into others are in modules of their own, which are not compiled.
MODULES = [
    "core/alarms",
    "core/backfill",
    "core/bucket",
    "core/deal",
    "core/elsewhere",
    "core/engine",
    "core/lane",
    "core/open_tickets",
    "core/plans",
    "core/pool",
    "core/proposals",
    "core/region",
    "core/rules",
    "core/search",
    "core/ticket",
    "edge/frames",
    "edge/gateway",
    "keys",
    "live",
    "overload",
    "regions/evidence",
    "results",
    "service",
    "waits",
]
_SETUP = """
from mypyc.build import mypycify
from setuptools import setup

options = ["--config-file=mypy.ini", "--follow-imports=silent", "--ignore-missing-imports"]
setup(name="{package}", packages=[], ext_modules=mypycify([*options, *{files!r}], group_name="{package}.compiled"))
"""


class CannotCompile(Exception):
    """There is no C compiler, or not what it needs of Python."""


def missing() -> str:
    """What there is not of what it takes; empty if all is there."""
    if not Path(sysconfig.get_path("include"), "Python.h").is_file():
        return "the headers of this Python (python3-dev)"
    if not shutil.which(os.environ.get("CC", "cc").split()[0]):
        return "a C compiler"
    return ""


def compile_into(directory: Path) -> list[Path]:
    """Compiles the package, and puts the compiled files where the package is in a directory; gives their paths.

    Raises CannotCompile.
    """
    if what := missing():
        raise CannotCompile(f"there is no {what}")
    files = [f"{PACKAGE}/{module}.py" for module in MODULES]
    with tempfile.TemporaryDirectory() as work:
        shutil.copytree(ROOT / PACKAGE, Path(work, PACKAGE), ignore=shutil.ignore_patterns("__pycache__", "*.so"))
        Path(work, "mypy.ini").write_text("[mypy]\n")
        Path(work, "setup.py").write_text(_SETUP.format(package=PACKAGE, files=files))
        command = [sys.executable, "setup.py", "--quiet", "build_ext", "--inplace"]
        done = subprocess.run(command, cwd=work, capture_output=True, text=True)
        if done.returncode:
            raise CannotCompile((done.stdout + done.stderr)[-4000:])
        made = [file.relative_to(work) for file in sorted(Path(work, PACKAGE).rglob("*.so"))]
        for file in made:
            (directory / file).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(Path(work, file), directory / file)
    return [directory / file for file in made]


if __name__ == "__main__":
    if sys.argv[1] == "--check":
        what = missing()
        sys.exit(f"there is no {what}" if what else 0)
    target = Path(sys.argv[1])
    shutil.rmtree(target / PACKAGE, ignore_errors=True)
    shutil.copytree(ROOT / PACKAGE, target / PACKAGE, ignore=shutil.ignore_patterns("__pycache__", "*.so"))
    try:
        print(f"{len(compile_into(target))} compiled files in {target / PACKAGE}")
    except CannotCompile as error:
        sys.exit(f"{error}\ncannot compile the matchmaker")
