"""The real servers, built from Go modules once and kept outside the tree: `python -m tests.kube.binaries` builds them.

`servers/` has a wrapper module for each source, because the versions of their libraries differ; `go.mod` says which
release is built. A binary is called after its release and after all that the wrapper says, so a change builds anew.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

SERVERS = Path(__file__).resolve().parent / "servers"
# Cold, on two cores that others use as well.
BUILD_S = 3600.0
_VERSION = "k8s.io/component-base/version"


class Unavailable(Exception):
    """A binary is neither here nor can it be built. One line, names it and says why."""


@dataclass(frozen=True)
class Binary:
    """A program in a wrapper module: `package` is built, `release` is the requirement that gives its version."""

    name: str
    wrapper: str
    release: str
    package: str

    @property
    def version(self) -> str:
        found = re.search(rf"^(?:require |\t){re.escape(self.release)} (v\S+)", self._module.read_text(), re.MULTILINE)
        assert found, f"{self._module} requires no {self.release}"
        return found[1]

    @property
    def path(self) -> Path:
        """Where it is kept."""
        sources = sorted((SERVERS / self.wrapper).rglob("*"))
        digest = hashlib.sha256(b"\0".join(file.read_bytes() for file in sources if file.is_file()))
        return cache() / f"{self.name}-{self.version}-{digest.hexdigest()[:8]}"

    def source(self) -> Path:
        """The directory of its module's sources, which has its CRDs. Raises Unavailable."""
        module = f"{self.release}@{self.version}"
        command = ["go", "mod", "download", "-json", module]
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=300, cwd=self._module.parent)
            return Path(json.loads(done.stdout)["Dir"])
        except FileNotFoundError:
            raise Unavailable(f"go is not installed, so {module} cannot be had") from None
        except (subprocess.TimeoutExpired, ValueError, KeyError):
            raise Unavailable(f"{module} cannot be had: go mod download failed") from None

    @property
    def _module(self) -> Path:
        return SERVERS / self.wrapper / "go.mod"

    def build(self) -> Path:
        """Gives the binary, built if it is not there. Raises Unavailable."""
        path = self.path
        if path.exists():
            return path
        go = shutil.which("go")
        if go is None:
            raise Unavailable(f"{self.name} {self.version} is not built yet, and go is not installed")
        path.parent.mkdir(parents=True, exist_ok=True)
        started = time.monotonic()
        print(f"building {self.name} {self.version} (minutes the first time)", flush=True)
        unfinished = path.with_name(f"{path.name}.{os.getpid()}")
        command = ["nice", go, "build", "-p", "2", "-trimpath", "-buildvcs=false", "-ldflags", self._link_flags]
        try:
            done = subprocess.run(
                [*command, "-o", str(unfinished), self.package],
                cwd=self._module.parent,
                env={**os.environ, "CGO_ENABLED": "0", "GOFLAGS": "-mod=readonly", "GOWORK": "off"},
                capture_output=True,
                text=True,
                timeout=BUILD_S,
            )
            if done.returncode != 0:
                said = done.stderr.strip().splitlines() or ["go build failed"]
                raise Unavailable(f"{self.name} {self.version} cannot be built here: {said[-1]}")
            unfinished.rename(path)
        except subprocess.TimeoutExpired:
            raise Unavailable(f"{self.name} {self.version} was not built within {BUILD_S:g} s") from None
        finally:
            unfinished.unlink(missing_ok=True)
        print(f"built {path} in {time.monotonic() - started:.0f} s", flush=True)
        return path

    @property
    def _link_flags(self) -> str:
        """Without symbols; what is Kubernetes tells its version, which is else set by its own build."""
        major, minor, *_ = self.version.removeprefix("v").split(".")
        told = {"gitVersion": self.version, "gitMajor": major, "gitMinor": minor}
        return " ".join(["-s -w", *(f"-X {_VERSION}.{name}={value}" for name, value in told.items())])


ETCD = Binary("etcd", "etcd", "go.etcd.io/etcd/server/v3", "go.etcd.io/etcd/server/v3")
API_SERVER = Binary("kube-apiserver", "kubernetes", "k8s.io/kubernetes", "k8s.io/kubernetes/cmd/kube-apiserver")
KUBECTL = Binary("kubectl", "kubernetes", "k8s.io/kubernetes", "k8s.io/kubernetes/cmd/kubectl")
VOLUME = Binary("configmap-volume", "kubernetes", "k8s.io/kubernetes", "./configmap-volume")
SOURCE, KUSTOMIZE, NOTIFICATION = (
    Binary(name, name, f"github.com/fluxcd/{name}", f"github.com/fluxcd/{name}")
    for name in ("source-controller", "kustomize-controller", "notification-controller")
)
KUBERNETES = (ETCD, API_SERVER, KUBECTL, VOLUME)
FLUX = (SOURCE, KUSTOMIZE, NOTIFICATION)
ALL = (*KUBERNETES, *FLUX)


def cache() -> Path:
    """The directory of the binaries, outside the tree."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "configedge" / "kube"


def missing() -> list[str]:
    return [f"{binary.name} {binary.version}" for binary in ALL if not binary.path.exists()]


def main() -> int:
    parser = argparse.ArgumentParser(description="Builds the servers that tests/kube starts.")
    parser.add_argument("--check", action="store_true", help="build nothing: exit 1 and say what is not built yet")
    if parser.parse_args().check:
        for name in (absent := missing()):
            print(f"not built yet: {name}")
        return 1 if absent else 0
    try:
        for binary in ALL:
            binary.build()
    except Unavailable as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
