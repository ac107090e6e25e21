"""Build backend: maturin, plus the native commands `configrelay` and `configsync`, and a compiled matchmaker.

maturin puts either an extension module or a binary into a wheel (PyO3/maturin issue 368). So commands are built first,
into maturin's data directory, whose `scripts/` are installed beside Python's own. The matchmaker's compiled modules are
added to what maturin made. With CONFIGEDGE_COMPILED=required there is no wheel without them.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import compiled
import maturin
from maturin import get_requires_for_build_sdist, get_requires_for_build_wheel  # noqa: F401
from wheel.wheelfile import WheelFile

ROOT = Path(__file__).resolve().parent.parent
SCRIPTS = ROOT / "target" / "configedge.data" / "scripts"
get_requires_for_build_editable = get_requires_for_build_wheel

COMMANDS = {"configrelay": "relay", "configsync": "sync"}
"""Each with the profile that it is built by."""


def build_command(name: str) -> Path:
    """A command's binary: static, so that it runs in an empty container and maps no library.

    Dynamic where the C library's static half is not installed. Raises CalledProcessError if cargo fails; cargo has said
    why by then.
    """
    # One at a time: built together, each would get the features that the other wants of what both use.
    build = ["cargo", "build", "--locked", "--profile", COMMANDS[name], "--package", name]
    environment = dict(os.environ)
    if _has_static_libc():
        # With the target named, the flags are for the command and not for what runs while it is built.
        host = subprocess.run(["rustc", "-vV"], check=True, capture_output=True, text=True).stdout
        target = host.partition("host: ")[2].split()[0]
        build += ["--target", target]
        # A static program cannot look for the C library's getrandom, and would go and open /dev/urandom instead.
        flags = '-C target-feature=+crt-static -C relocation-model=static --cfg getrandom_backend="linux_getrandom"'
        environment[f"CARGO_TARGET_{target.upper().replace('-', '_')}_RUSTFLAGS"] = flags
    else:
        print(f"{name} is linked dynamically: for a static one install glibc's static libraries", file=sys.stderr)
    build += ["--message-format", "json-render-diagnostics"]
    messages = subprocess.run(build, cwd=ROOT, env=environment, check=True, stdout=subprocess.PIPE).stdout
    return Path(next(path for line in messages.splitlines() if (path := json.loads(line).get("executable"))))


def _has_static_libc() -> bool:
    compiler = os.environ.get("CC", "cc")
    try:
        found = subprocess.run([compiler, "-print-file-name=libc.a"], capture_output=True, text=True)
    except OSError:
        return False
    # It gives the bare name back if there is none.
    return os.path.isabs(found.stdout.strip())


def _build_commands() -> None:
    SCRIPTS.mkdir(parents=True, exist_ok=True)
    for name in COMMANDS:
        shutil.copy2(build_command(name), SCRIPTS / name)


def _add_compiled_matchmaker(wheel: Path) -> None:
    """Where it cannot be compiled, the wheel has the sources alone, which do the same half as fast."""
    with tempfile.TemporaryDirectory() as work:
        try:
            files = compiled.compile_into(Path(work))
        except compiled.CannotCompile as error:
            if os.environ.get("CONFIGEDGE_COMPILED") == "required":
                raise
            print(f"{error}\nthe matchmaker is not compiled, and will be interpreted", file=sys.stderr)
            return
        # Away from the sources: beside them, compiled modules would outlive an edit.
        added = Path(work, wheel.name)
        with WheelFile(wheel) as source, WheelFile(added, "w") as target:
            for member in source.infolist():
                if member.filename != source.record_path:
                    target.writestr(member, source.read(member))
            for file in files:
                target.write(str(file), file.relative_to(work).as_posix())
        shutil.move(added, wheel)


def build_wheel(directory: str, *args: Any, **kwargs: Any) -> str:
    _build_commands()
    name = maturin.build_wheel(directory, *args, **kwargs)
    _add_compiled_matchmaker(Path(directory, name))
    return name


def build_editable(*args: Any, **kwargs: Any) -> str:
    _build_commands()
    return maturin.build_editable(*args, **kwargs)


def build_sdist(*args: Any, **kwargs: Any) -> str:
    SCRIPTS.mkdir(parents=True, exist_ok=True)
    return maturin.build_sdist(*args, **kwargs)
