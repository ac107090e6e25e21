"""Tokens that this control plane gives out: shown once, kept as hashes in one private file, gone when they expire."""

from __future__ import annotations

import hashlib
import hmac
import os
import pwd
import re
import secrets
import string
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from configedge.bundle import BundleError, dump_json, load_json
from configedge.control.auth.access import Grant, Principal, Role, is_name
from configedge.control.auth.errors import AccessError, NoSuchToken
from configedge.control.auth.files import Signature, locked, read_private, replace_private, signature
from configedge.control.auth.shape import items, members, typed

PREFIX: Final = "cet_"
"""How every token begins."""
MAX_LIFE_S: Final = 90 * 86_400
MAX_TOKENS: Final = 10_000

_MAX_GRANTS = 64
_MAX_FILE = 64 << 20
_VERSION = 1
_ID_CHARACTERS = string.ascii_lowercase + string.digits
_SECRET = re.compile(r"cet_([a-z0-9]{10})_[A-Za-z0-9_-]{43}", re.ASCII)
_DIGEST = re.compile(r"[0-9a-f]{64}", re.ASCII)
_NO_DIGEST = "0" * 64
# An expired token stays in the list this long, so that people find out why something stopped working.
_REMEMBERED_S = 30 * 86_400


@dataclass(frozen=True, slots=True)
class TokenInfo:
    """A token without its secret. Times are Unix seconds."""

    id: str
    name: str
    grants: tuple[Grant, ...]
    created_at: int
    expires_at: int | None
    """None: never, which only a token of this machine's own administrator may."""
    created_by: str
    local: bool = False

    @property
    def subject(self) -> str:
        return f"{'local' if self.local else 'token'}:{self.name}"

    def expired(self, now: float) -> bool:
        return self.expires_at is not None and now >= self.expires_at

    def principal(self) -> Principal:
        host = "localhost" if self.local else "tokens.configedge.invalid"
        owner = "" if self.local else self.created_by
        return Principal(self.subject, self.name, f"{self.name}@{host}", self.grants, owner)


@dataclass(frozen=True, slots=True)
class _Record:
    info: TokenInfo
    digest: str
    """SHA-256 of the whole secret; it has 256 random bits, so that no salt or slow hash would add anything."""


class Tokens:
    """All tokens of a control plane. What another process creates or revokes counts at the next check.

    Every method raises AccessError while the file is damaged, or others may read it: nobody gets in by it then, and it
    is not written over. Thread-safe. `clock` gives Unix seconds.
    """

    def __init__(self, path: Path, clock: Callable[[], float] = time.time) -> None:
        self.path = path.absolute()
        self._clock = clock
        self._lock = threading.Lock()
        self._read: tuple[Signature, dict[str, _Record]] | None = None

    def check(self, secret: str) -> Principal | None:
        """Whose token it is; None if it is unknown, expired or revoked."""
        digest = hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()
        records, match = self._records(), _SECRET.fullmatch(secret)
        record = records.get(match[1]) if match else None
        same = hmac.compare_digest(digest, record.digest if record else _NO_DIGEST)
        if record is None or not same or record.info.expired(self._clock()):
            return None
        return record.info.principal()

    def list(self) -> list[TokenInfo]:
        """Those that are not revoked, oldest first; expired ones for 30 days more."""
        return sorted((r.info for r in self._records().values()), key=lambda info: (info.created_at, info.id))

    def create(
        self, name: str, grants: Iterable[Grant], expires_in_s: int | None, by: str, local: bool = False
    ) -> tuple[str, TokenInfo]:
        """A new token: its secret, which cannot be had again, and what is known of it.

        `by` is the subject that asked for it. Raises ValueError for a name that is none or that a live token has, for
        no grants, and for an expiry beyond 90 days (none at all only if `local`); AccessError if there are too many
        tokens; OSError if it cannot be written, and then there is no such token.
        """
        granted = tuple(grants)
        _check_new(name, granted, expires_in_s, by, local)
        with self._changing() as records:
            return self._add(records, name, granted, expires_in_s, by, local)

    def check_new(self, name: str, grants: Iterable[Grant], expires_in_s: int | None, by: str) -> None:
        """Raises what `create` would."""
        _check_new(name, tuple(grants), expires_in_s, by, local=False)
        self._add(dict(self._records()), name, tuple(grants), expires_in_s, by, local=False)

    def revoke(self, id: str) -> TokenInfo:
        """Ends a token at once. Raises NoSuchToken, OSError."""
        with self._changing() as records:
            record = records.pop(id, None)
            if record is None:
                raise NoSuchToken(f"there is no token {ascii(id)[:40]}; list them for their ids")
        return record.info

    def local_admin(self, path_of_secret: Path) -> str:
        """The secret of the token by which the user that runs the process administers it.

        It is in that file, mode 0600. One that is missing, that others may read, or that is no longer valid is made
        anew, and the token before it ends. Raises OSError.
        """
        target = path_of_secret.absolute()
        with self._changing() as records:
            if (secret := _kept(target)) is not None and self._opens(records, secret):
                return secret
            name = _login()
            for id, record in list(records.items()):
                if record.info.local and record.info.name == name:
                    del records[id]
            secret, _ = self._add(records, name, (Grant(Role.admin),), None, f"local:{name}", True)
            target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            replace_private(target, f"{secret}\n".encode())
        return secret

    def problem(self) -> str | None:
        """What is wrong with the file; None if nothing is. For a readiness check."""
        try:
            self._records()
        except AccessError as error:
            return str(error)
        return None

    def _opens(self, records: dict[str, _Record], secret: str) -> bool:
        match = _SECRET.fullmatch(secret)
        record = records.get(match[1]) if match else None
        digest = hashlib.sha256(secret.encode()).hexdigest()
        return record is not None and record.info.local and hmac.compare_digest(digest, record.digest)

    def _add(
        self,
        records: dict[str, _Record],
        name: str,
        grants: tuple[Grant, ...],
        expires_in_s: int | None,
        by: str,
        local: bool,
    ) -> tuple[str, TokenInfo]:
        now = int(self._clock())
        for id, old in list(records.items()):
            same = (old.info.name, old.info.local) == (name, local)
            if same and not old.info.expired(now):
                raise ValueError(f"a live token is named {name} already ({id}); revoke it or choose another name")
            if old.info.expired(now - (0 if same else _REMEMBERED_S)):
                del records[id]
        if len(records) >= MAX_TOKENS:
            raise AccessError(f"{self.path}: there are {MAX_TOKENS} tokens; revoke some first")
        while (id := "".join(secrets.choice(_ID_CHARACTERS) for _ in range(10))) in records:
            pass
        secret = f"{PREFIX}{id}_{secrets.token_urlsafe(32)}"
        expires_at = None if expires_in_s is None else now + expires_in_s
        info = TokenInfo(id, name, grants, now, expires_at, by, local)
        records[id] = _Record(info, hashlib.sha256(secret.encode()).hexdigest())
        return secret, info

    @contextmanager
    def _changing(self) -> Iterator[dict[str, _Record]]:
        """The records, to be changed; written if they were and nothing was raised. No other process changes them."""
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with locked(self.path.with_name(f"{self.path.name}.lock")):
            before = self._records()
            records = dict(before)
            yield records
            if records != before:
                replace_private(self.path, _dumped(records))

    def _records(self) -> dict[str, _Record]:
        """As they are on disk now. Not to be changed."""
        with self._lock:
            try:
                if (now := signature(self.path)) is None:
                    self._read = None
                    return {}
                if self._read is None or self._read[0] != now:
                    self._read = None
                    content, read = read_private(self.path, _MAX_FILE)
                    self._read = (read, _parsed(content, self.path))
                return self._read[1]
            except FileNotFoundError:
                return {}
            except OSError as error:
                raise AccessError(f"{self.path}: cannot be read: {error.strerror}") from None


def _check_new(name: str, grants: tuple[Grant, ...], expires_in_s: int | None, by: str, local: bool) -> None:
    if not is_name(name):
        raise ValueError(f"{name!r:.80} is not a name; use 1 to 63 of a-z 0-9 and -, not - at an end")
    if not 0 < len(grants) <= _MAX_GRANTS:
        raise ValueError(f"{len(grants)} grants; give 1 to {_MAX_GRANTS}")
    if not 0 < len(by) <= 300 or not by.isprintable():
        raise ValueError("`by` must be the subject that asks, 1 to 300 printable characters")
    if expires_in_s is None:
        if not local:
            raise ValueError("a token has to expire; give 1 second to 90 days")
    elif not 1 <= expires_in_s <= MAX_LIFE_S:
        raise ValueError(f"an expiry in {expires_in_s} seconds; give 1 to {MAX_LIFE_S} (90 days)")


def _dumped(records: dict[str, _Record]) -> bytes:
    tokens = [{**asdict(record.info), "sha256": record.digest} for record in records.values()]
    return dump_json({"version": _VERSION, "tokens": tokens}) + b"\n"


def _parsed(content: bytes, path: Path) -> dict[str, _Record]:
    try:
        document = load_json(content, str(path))
        top = members(document, {"version", "tokens"}, "")
        if top.get("version") != _VERSION:
            raise AccessError(f"version {top.get('version')!r:.40} is not known")
        records = [_record(item, key) for key, item in items(top.get("tokens"), "tokens")]
        by_id = {record.info.id: record for record in records}
        if len(by_id) < len(records):
            raise AccessError("two tokens have the same id")
    except AccessError as error:
        raise _damaged(path, str(error)) from None
    except BundleError as error:
        raise _damaged(path, error.problems[0].message) from None
    return by_id


def _record(value: Any, key: str) -> _Record:
    if not isinstance(value, dict) or not isinstance(digest := value.get("sha256"), str):
        raise AccessError(f"{key}: is not a token")
    if not _DIGEST.fullmatch(digest):
        raise AccessError(f"{key}.sha256: is not a hash")
    info = {name: member for name, member in value.items() if name != "sha256"}
    info["grants"] = tuple(typed(Grant, item, at) for at, item in items(info.get("grants"), f"{key}.grants"))
    token = typed(TokenInfo, info, key)
    if not is_name(token.name) or (token.expires_at is None and not token.local):
        raise AccessError(f"{key}: has no proper name or expiry")
    return _Record(token, digest)


def _damaged(path: Path, why: str) -> AccessError:
    return AccessError(
        f"{path}: is damaged ({why}); no token counts until you restore it, or move it away and make new"
    )


def _kept(path: Path) -> str | None:
    try:
        content, _ = read_private(path, 1_000)
        return content.decode().strip()
    except (FileNotFoundError, AccessError, UnicodeDecodeError):
        return None


def _login() -> str:
    """The user that runs the process, as a name of our grammar."""
    try:
        login = pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        login = f"uid-{os.geteuid()}"
    name = re.sub(r"[^a-z0-9]+", "-", login.lower())[:63].strip("-")
    return name or "admin"
