"""A user of an API server: kubectl for what people do with it, plain HTTP for what is measured or refused."""

from __future__ import annotations

import json
import ssl
import subprocess
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import httpx2

from tests.kube import binaries

Resource = dict[str, Any]
MERGE = "application/merge-patch+json"
BUNDLES = "/apis/configedge.io/v1alpha1"


class Refused(Exception):
    """The API server said no; `code` is HTTP's, the text is its message."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True)
class User:
    """Somebody with a bearer token. `kubeconfig` is a file that any client of Kubernetes takes."""

    url: str
    authority: Path
    token: str
    kubeconfig: Path

    @cached_property
    def http(self) -> httpx2.Client:
        context = ssl.create_default_context(cafile=str(self.authority))
        bearer = {"Authorization": f"Bearer {self.token}"}
        return httpx2.Client(base_url=self.url, verify=context, headers=bearer, timeout=30, trust_env=False)

    def close(self) -> None:
        if "http" in self.__dict__:
            self.http.close()

    def kubectl(self, *arguments: str, stdin: str | None = None) -> str:
        """What kubectl prints. Raises Refused with what it says on standard error."""
        command = [str(binaries.KUBECTL.build()), "--kubeconfig", str(self.kubeconfig), *arguments]
        done = subprocess.run(command, input=stdin, capture_output=True, text=True, timeout=120)
        if done.returncode != 0:
            raise Refused(0, done.stderr.strip())
        return done.stdout

    def apply(self, *resources: Resource) -> str:
        # As JSON: "n" is a text in PyYAML's form of YAML, and false in that of kubectl.
        return self.kubectl("apply", "--server-side", "-f", "-", stdin="\n---\n".join(map(json.dumps, resources)))

    def request(
        self, method: str, path: str, body: Any = None, *, act_as: str = "", groups: Iterable[str] = (), **params: Any
    ) -> Any:
        """What the API server answers, decoded. `act_as` impersonates a user in these groups. Raises Refused."""
        headers = [("Content-Type", MERGE if method == "PATCH" else "application/json")]
        if act_as:
            headers += [("Impersonate-User", act_as), *(("Impersonate-Group", group) for group in groups)]
        content = None if body is None else json.dumps(body)
        response = self.http.request(method, path, content=content, headers=headers, params=params)
        if not response.is_success:
            status = "json" in response.headers.get("Content-Type", "") and response.json()
            raise Refused(response.status_code, str(status["message"] if status else response.text))
        return response.json()

    def get(self, path: str, **params: Any) -> Any:
        """A resource or a list, decoded. Raises Refused."""
        return self.request("GET", path, **params)

    def patch(self, path: str, body: Mapping[str, Any], **options: Any) -> Any:
        """Merges `body` into what is there. Raises Refused."""
        return self.request("PATCH", path, body, **options)

    def watch(self, path: str, version: str, seconds: int = 600) -> Iterator[Resource]:
        """Events after that resource version, as they come, until the server has enough of it."""
        params = {"watch": "1", "resourceVersion": version, "timeoutSeconds": str(seconds)}
        with self.http.stream("GET", path, params=params, timeout=httpx2.Timeout(30, read=None)) as response:
            response.raise_for_status()
            for line in response.iter_lines():
                yield json.loads(line)

    def may(self, user: str, verb: str, resource: str, namespace: str = "", *, group: str = "", sub: str = "") -> bool:
        """What the API server's authorizer says of a user: a SubjectAccessReview."""
        attributes = {"verb": verb, "resource": resource, "namespace": namespace, "group": group, "subresource": sub}
        review = {
            "apiVersion": "authorization.k8s.io/v1",
            "kind": "SubjectAccessReview",
            "spec": {"user": user, "groups": ["system:authenticated"], "resourceAttributes": attributes},
        }
        answer = self.request("POST", "/apis/authorization.k8s.io/v1/subjectaccessreviews", review)
        return bool(answer["status"]["allowed"])


def bundle_path(namespace: str, name: str = "", sub: str = "") -> str:
    """Where the API has ConfigBundles: those of a namespace, one of them, or its subresource."""
    return "/".join(part for part in (f"{BUNDLES}/namespaces/{namespace}/configbundles", name, sub) if part)
