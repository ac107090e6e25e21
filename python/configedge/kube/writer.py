"""Writes the status of ConfigBundles: one process a cluster, and not each node.

Ten thousand nodes that patch one object each time that it changes would be a herd on the API server, and each patch a
watch event for all of them. So nodes report to the control plane, and one reads there what became of each bundle. A
status is written where it changed, by server-side apply on the subresource, which cannot touch what Flux applied.

By lightkube: it is small, typed, reads a rotated token of a service account again, and is on the HTTP client that is
here already.
"""

from __future__ import annotations

import logging
import random
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from configedge.bundle import API_VERSION, KIND
from configedge.kube.crd import GROUP, PLURAL, VERSION
from configedge.kube.status import Resource, is_written, status_of
from configedge.sync.server import Refused, Server, SyncError

log = logging.getLogger(__name__)

MANAGER: Final = "configedge-status"
"""The field manager of what is written."""
LIST_S: Final = 30.0
"""Seconds until resources are looked at though nothing changed at the control plane."""

_BACKOFF_S = 60.0
_PAGE = 100


class KubeError(Exception):
    """The API server cannot be used, or refuses. One line, says what to do."""


class Cluster:
    """The ConfigBundles of one cluster. Raises KubeError.

    By a kubeconfig file; without one by the pod's service account, else as kubectl finds it. `namespaces`: only these.
    """

    def __init__(self, kubeconfig: Path | None, namespaces: Sequence[str] = ()) -> None:
        try:
            import httpx2
            from lightkube import ApiError, Client, KubeConfig
            from lightkube.core.exceptions import ConfigError, LoadResourceError
            from lightkube.generic_resource import create_namespaced_resource
            from lightkube.types import PatchType
        except ImportError:
            raise KubeError("talking to Kubernetes needs a package: pip install 'configedge[kube]'") from None
        self._resource = create_namespaced_resource(GROUP, VERSION, KIND, PLURAL)
        self._namespaces = tuple(namespaces) or ("*",)
        self._patch_type = PatchType.APPLY
        self._refused, self._errors = ApiError, (httpx2.HTTPError, ConfigError, LoadResourceError, OSError, ValueError)
        try:
            config = KubeConfig.from_file(kubeconfig) if kubeconfig is not None else KubeConfig.from_env()
            self._client = Client(config=config, field_manager=MANAGER, trust_env=False)
        except Exception as error:
            # Any kind of error comes of a file that is not as it should be.
            told = kubeconfig or "this place: there is no service account and no kubeconfig"
            raise KubeError(f"cannot find the cluster by {told} ({type(error).__name__}); give --kubeconfig") from None

    def bundles(self) -> Iterator[Resource]:
        """All of them, as the API server has them. Raises KubeError."""
        for namespace in self._namespaces:
            try:
                yield from self._client.list(self._resource, namespace=namespace, chunk_size=_PAGE)
            except self._refused as error:
                raise KubeError(f"cannot list {PLURAL}: {error.status.message}") from None
            except self._errors as error:
                raise KubeError(f"cannot reach the API server ({type(error).__name__}); is it up?") from None

    def write(self, resource: Resource, status: dict[str, Any]) -> None:
        """Raises KubeError. One that is gone needs none."""
        name, namespace = resource["metadata"]["name"], resource["metadata"]["namespace"]
        body = {
            "apiVersion": API_VERSION,
            "kind": KIND,
            # One that was deleted and made anew is another.
            "metadata": {"name": name, "namespace": namespace, "uid": resource["metadata"]["uid"]},
            "status": status,
        }
        try:
            self._client.patch(
                self._resource.Status, name, body, namespace=namespace, patch_type=self._patch_type, force=True
            )
        except self._refused as error:
            if error.status.code not in (404, 409):
                raise KubeError(f"cannot write the status of {namespace}/{name}: {error.status.message}") from None
        except self._errors as error:
            raise KubeError(f"cannot reach the API server ({type(error).__name__}); is it up?") from None

    def close(self) -> None:
        self._client.close()


@dataclass(frozen=True, slots=True)
class Nodes:
    """Which nodes are of the cluster, by what they call themselves; empty: all."""

    environment: str = ""
    region: str = ""

    def as_query(self) -> dict[str, str]:
        return {"environment": self.environment, "region": self.region}


class Writer:
    """Keeps the status of a cluster's bundles as the control plane sees them, every `interval` seconds."""

    def __init__(self, server: Server, cluster: Cluster, nodes: Nodes, interval: float) -> None:
        self._server = server
        self._cluster = cluster
        self._nodes = nodes
        self._interval = interval
        self._reach: dict[str, Any] = {}
        self._listed_at = float("-inf")
        self._sees_all = False
        self._documents: dict[tuple[str, str], tuple[str, Resource]] = {}
        self._failures = 0
        self._problem: str | None = "nothing is written yet"
        self._stopping = threading.Event()

    def once(self) -> int:
        """Writes what changed; gives how many. Raises KubeError, SyncError."""
        self._see_all()
        reach = self._server.get("/v1/fleet/bundles", **self._nodes.as_query())
        if not reach["settled"]:
            # Nodes are still to say that they are there; what is written was not untrue a moment ago.
            raise SyncError("the control plane has just started, and nodes are still to report; waiting for them")
        if reach == self._reach and time.monotonic() < self._listed_at + LIST_S:
            return 0
        self._reach = {}
        written = self._write(reach)
        self._reach, self._listed_at = reach, time.monotonic()
        return written

    def run(self) -> None:
        """Works until `stop`. After an error, which is said once, it waits longer and longer, up to a minute."""
        while not self._stopping.is_set():
            pause = self._interval if self._try() else min(_BACKOFF_S, self._interval * 2 ** min(self._failures, 10))
            self._stopping.wait(pause * random.uniform(0.8, 1.2))

    def stop(self) -> None:
        self._stopping.set()

    def _try(self) -> bool:
        try:
            written = self.once()
        except Exception as error:
            self._failures += 1
            known = isinstance(error, (KubeError, SyncError))
            problem = str(error) if known else f"{type(error).__name__}; this is a defect"
            # Said once, however often it is tried.
            if problem != self._problem:
                log.warning("not all statuses are written: %s", problem)
            self._problem = problem
            return False
        if written or self._problem is not None:
            log.info("the status of %d bundles was written", written)
        self._failures, self._problem = 0, None
        return True

    def _write(self, reach: dict[str, Any]) -> int:
        items = {(item["namespace"], item["name"]): item for item in reach["items"]}
        self._documents = {key: kept for key, kept in self._documents.items() if key in items}
        now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        written, problem = 0, None
        for resource in self._cluster.bundles():
            item = items.get((resource["metadata"]["namespace"], resource["metadata"]["name"]))
            document = self._document(item, reach["tip"]) if item else None
            status = status_of(resource, item, document, reach["nodes"], now)
            if is_written(resource, status):
                continue
            try:
                self._cluster.write(resource, status)
                written += 1
            except KubeError as error:
                # The others are written all the same.
                problem = problem or error
        if problem is not None:
            raise problem
        return written

    def _see_all(self) -> None:
        """To a token for a part, the rest would be what is not in Git. Raises SyncError."""
        if not self._sees_all:
            whole = {"namespace": "*", "prefix": "", "environment": "*"}
            grants = self._server.get("/v1/whoami")["grants"]
            if not any(whole.items() <= grant.items() for grant in grants):
                raise SyncError("the token is for some bundles only; make one with --grant viewer")
            self._sees_all = True

    def _document(self, item: dict[str, Any], tip: str) -> Resource:
        """What nodes get of a bundle, asked for anew when its text changed; empty if it is broken. Raises SyncError."""
        key = (item["namespace"], item["name"])
        etag, document = self._documents.get(key, ("", {}))
        if etag != item["etag"]:
            document = self._ask(f"/v1/bundles/{item['namespace']}/{item['name']}/effective", tip)
            self._documents[key] = (item["etag"], document)
        return document

    def _ask(self, path: str, tip: str) -> Resource:
        try:
            document: Resource = self._server.get(path, at=tip, **self._nodes.as_query())["document"]
        except Refused as refused:
            if refused.status not in (409, 422):
                raise
            return {}
        return document
