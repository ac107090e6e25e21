"""A real etcd and a real kube-apiserver, in processes and a directory of their own.

No kubelet, no scheduler, no controller manager: what they would do (pods, the account `default` of a namespace, the
deletion of namespaces) does not happen.
"""

from __future__ import annotations

import secrets
import ssl
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import httpx2
import yaml
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from tests.kube import binaries
from tests.kube.client import User
from tests.kube.process import Process, free_port

ADMIN = "admin"


class ApiServer:
    """An API server with RBAC. `admin` may everything; `user` makes others, `account` is a service account's."""

    def __init__(self, directory: Path, options: Sequence[str] = ()) -> None:
        self.directory = directory
        self.port = free_port()
        self.url = f"https://127.0.0.1:{self.port}"
        self.authority = directory / "certificates" / "apiserver.crt"
        self._tokens = directory / "tokens.csv"
        self._users: list[User] = []
        admin = secrets.token_hex(16)
        self._tokens.touch(mode=0o600)
        self._tokens.write_text(f'{admin},{ADMIN},{ADMIN},"system:masters"\n')
        self.etcd = Process("etcd", self._etcd_command(), directory)
        self.api = Process("kube-apiserver", [*self._api_command(), *options], directory)
        self.admin = self.user(ADMIN, admin)

    def _etcd_command(self) -> list[str]:
        self._store, peers = (f"http://127.0.0.1:{free_port()}" for _ in range(2))
        return [
            str(binaries.ETCD.build()),
            f"--data-dir={self.directory / 'etcd'}",
            f"--listen-client-urls={self._store}",
            f"--advertise-client-urls={self._store}",
            f"--listen-peer-urls={peers}",
            f"--initial-advertise-peer-urls={peers}",
            f"--initial-cluster=default={peers}",
            "--log-level=warn",
        ]

    def _api_command(self) -> list[str]:
        key, public = self._account_keys()
        return [
            str(binaries.API_SERVER.build()),
            f"--etcd-servers={self._store}",
            f"--cert-dir={self.authority.parent}",
            "--bind-address=127.0.0.1",
            "--advertise-address=127.0.0.1",
            f"--secure-port={self.port}",
            "--endpoint-reconciler-type=none",
            "--service-cluster-ip-range=10.0.0.0/24",
            "--authorization-mode=RBAC",
            "--allow-privileged=true",
            f"--token-auth-file={self._tokens}",
            "--service-account-issuer=https://kubernetes.default.svc",
            f"--service-account-key-file={public}",
            f"--service-account-signing-key-file={key}",
            f"--audit-log-path={self.directory / 'audit.log'}",
            f"--audit-policy-file={self._audit_policy()}",
        ]

    def _account_keys(self) -> tuple[Path, Path]:
        """The key that signs tokens of service accounts, and its public half."""
        made = generate_private_key(public_exponent=65537, key_size=2048)
        key, public = self.directory / "accounts.key", self.directory / "accounts.pub"
        key.touch(mode=0o600)
        key.write_bytes(made.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        public.write_bytes(made.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
        return key, public

    def _audit_policy(self) -> Path:
        """Who wrote bundles, and what admission noted."""
        policy = {
            "apiVersion": "audit.k8s.io/v1",
            "kind": "Policy",
            "omitStages": ["RequestReceived"],
            "rules": [
                {"level": "None", "verbs": ["get", "list", "watch"]},
                {"level": "Metadata", "resources": [{"group": "configedge.io"}]},
                {"level": "None"},
            ],
        }
        path = self.directory / "audit.yaml"
        path.write_text(yaml.safe_dump(policy))
        return path

    def start(self) -> None:
        """Returns once it is ready. Raises AssertionError with the end of a log if it does not get there."""
        self.etcd.start()
        self._start_api()

    def _start_api(self) -> None:
        self.api.start()
        self.api.wait_until(self._ready)

    def _ready(self) -> bool:
        if not self.authority.exists():
            return False
        try:
            return self.admin.http.get("/readyz", timeout=5).status_code == 200
        except (httpx2.HTTPError, ssl.SSLError):
            return False

    def restart(self) -> None:
        """Kills the API server, not its store, and starts it again: all watches end."""
        self.api.stop()
        self._start_api()

    def freeze(self) -> None:
        """It keeps its connections, and answers nothing."""
        self.api.freeze()

    def thaw(self) -> None:
        self.api.thaw()

    def stop(self) -> None:
        for user in self._users:
            user.close()
        self.api.stop()
        self.etcd.stop()

    def user(self, name: str, token: str) -> User:
        """A client with that token, and its kubeconfig `NAME.kubeconfig` in the directory."""
        path = self.directory / f"{name}.kubeconfig"
        path.touch(mode=0o600)
        cluster = {"server": self.url, "certificate-authority": str(self.authority)}
        content = {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": "test", "cluster": cluster}],
            "users": [{"name": name, "user": {"token": token}}],
            "contexts": [{"name": "test", "context": {"cluster": "test", "user": name}}],
            "current-context": "test",
        }
        path.write_text(yaml.safe_dump(content))
        user = User(self.url, self.authority, token, path)
        self._users.append(user)
        return user

    def account(self, namespace: str, name: str) -> User:
        """A client with a bound token of a service account, as a pod of it has one. The account must exist."""
        token = self.admin.kubectl("create", "token", name, "--namespace", namespace, "--duration", "2h").strip()
        return self.user(f"{namespace}.{name}", token)


@contextmanager
def api_server(directory: Path, *options: str) -> Iterator[ApiServer]:
    """A running one with its files in `directory`; `options` are further ones of kube-apiserver."""
    server = ApiServer(directory, options)
    try:
        server.start()
        yield server
    finally:
        server.stop()
