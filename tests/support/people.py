"""A control plane that asks who is there, and people with tokens for it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2
import yaml

from tests.support.control import Control, plain_client, running

Rule = dict[str, Any]


@contextmanager
def asking(repo: Path, protected: Sequence[Rule] = (), *options: str) -> Iterator[Control]:
    """A control plane with tokens, used as its admin; `protected` are the rules of its access policy."""
    beside = repo.parent
    policy = beside / "access.yaml"
    top = {"apiVersion": "configedge.io/v1alpha1", "kind": "AccessPolicy", "protected": list(protected)}
    policy.write_text(yaml.safe_dump(top))
    admin = beside / "admin"
    files = ["--tokens", str(beside / "tokens.json"), "--admin-token", str(admin), "--access", str(policy)]
    with running(repo, *files, *options) as control:
        control.http.headers["Authorization"] = f"Bearer {admin.read_text().strip()}"
        yield control


def person(control: Control, name: str, *roles: str, **scope: str) -> httpx2.Client:
    """A client with a new token, which has these roles."""
    grants = [{"role": role, **scope} for role in roles]
    made = control.http.post("/v1/tokens", json={"name": name, "grants": grants, "expires_in_s": 3600})
    assert made.status_code == 201, made.text
    bearer = {"Authorization": f"Bearer {made.json()['token']}"}
    return plain_client(control.url, headers=bearer)
