"""When something was first seen in the cluster, by a watch: what a client of the API would have seen."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from typing import Any

import httpx2

from tests.kube.client import Resource, User


class Followed:
    """A watch in a thread of its own. `seen` has what `marks` gave of a resource, and when: time.time_ns().

    `path` is a list; `name` is the one of it that counts. It ends with its server.
    """

    def __init__(self, user: User, path: str, name: str, marks: Callable[[Resource], Iterable[Any]]) -> None:
        self.seen: dict[Any, int] = {}
        self._user, self._path, self._name, self._marks = user, path, name, marks
        self._selector = f"metadata.name={name}"
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self) -> None:
        while True:
            try:
                listed = self._user.get(self._path, fieldSelector=self._selector)
                for item in listed["items"]:
                    self._note(item)
                for event in self._user.watch(self._path, listed["metadata"]["resourceVersion"]):
                    if event["type"] in ("ADDED", "MODIFIED"):
                        self._note(event["object"])
            except (httpx2.HTTPError, RuntimeError):
                # The server is away, or the client was closed with it.
                if self._user.http.is_closed:
                    return
                time.sleep(0.1)

    def _note(self, resource: Resource) -> None:
        if resource["metadata"]["name"] == self._name:
            at = time.time_ns()
            for mark in self._marks(resource):
                self.seen.setdefault(mark, at)
