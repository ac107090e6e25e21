"""Signed commits: SSH signatures (OpenSSH's PROTOCOL.sshsig) by Ed25519 keys, as Git makes and reads them.

The relay checks the same things with code of its own (`rust/relay/src/signature.rs`).
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import os
import re
import stat
import struct
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, Self

import pygit2
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_ssh_private_key
from pygit2.enums import ObjectType

FIELD: Final = "gpgsig"
"""The header of a commit that has its signature. Git's name for it, whatever made the signature."""
MAX_COMMIT: Final = 64 << 10
"""Bytes that a signed commit may have."""
MAX_SIGNERS: Final = 256 << 10
"""Bytes that a file of allowed signers may have."""

_NAMESPACE = b"git"
_KEY_TYPE = b"ssh-ed25519"
_HASH = b"sha512"
_MAGIC = b"SSHSIG"
_BEGIN, _END = "-----BEGIN SSH SIGNATURE-----", "-----END SSH SIGNATURE-----"
_WIDTH = 70
_MAX_KEY_FILE = 16 << 10
_MAX_ARMOR = 4 << 10


class SigningError(Exception):
    """A key, a signature or a list of signers is refused. One line: what was wrong, where, and what to do."""


class Signer:
    """A private key that commits are signed with."""

    def __init__(self, key: Ed25519PrivateKey) -> None:
        self._key = key
        self._public = key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)

    @classmethod
    def load(cls, path: Path) -> Self:
        """Reads an OpenSSH Ed25519 private key without passphrase. Raises SigningError."""
        make = f"make one with: ssh-keygen -t ed25519 -N '' -f {path}"
        try:
            with path.open("rb") as file:
                mode = os.fstat(file.fileno()).st_mode
                text = file.read(_MAX_KEY_FILE + 1)
        except OSError as error:
            raise SigningError(f"cannot read the signing key {path}: {error.strerror}; {make}") from None
        if mode & (stat.S_IRWXG | stat.S_IRWXO):
            raise SigningError(f"others can read the signing key {path}; run: chmod 600 {path}")
        try:
            key = load_ssh_private_key(text[:_MAX_KEY_FILE], password=None)
        except TypeError:
            raise SigningError(f"the signing key {path} has a passphrase; {make}") from None
        except (ValueError, UnsupportedAlgorithm):
            raise SigningError(f"{path} is not an OpenSSH private key; {make}") from None
        if not isinstance(key, Ed25519PrivateKey):
            raise SigningError(f"the signing key {path} is not an Ed25519 key; {make}")
        return cls(key)

    @property
    def public(self) -> str:
        """The public key, as a line of allowed signers has it: `ssh-ed25519 AAAA...`."""
        return f"{_KEY_TYPE.decode()} {base64.b64encode(_public_blob(self._public)).decode()}"

    def sign(self, content: bytes) -> str:
        """The armored signature of a commit's content, without a newline at its end."""
        signature = _string(_KEY_TYPE) + _string(self._key.sign(_signed(content)))
        parts = (_public_blob(self._public), _NAMESPACE, b"", _HASH, signature)
        text = base64.b64encode(_MAGIC + struct.pack(">I", 1) + b"".join(map(_string, parts))).decode()
        return "\n".join([_BEGIN, *(text[at : at + _WIDTH] for at in range(0, len(text), _WIDTH)), _END])


@dataclass(frozen=True, slots=True)
class _Allowed:
    """One line of the file."""

    principals: str
    key: bytes
    valid_after: float
    """Unix seconds, as the next."""
    valid_before: float
    for_git: bool
    """Whether it may sign commits; a list can be shared with other uses of SSH signatures."""

    def objection(self, at: float) -> str:
        """Why a signature that it made at that moment does not count; empty if it does."""
        if not self.for_git:
            return "is not for the namespace git"
        if at < self.valid_after:
            return "was not valid yet at the time of the commit"
        return "was not valid any more at the time of the commit" if at > self.valid_before else ""


class AllowedSigners:
    """The keys whose signatures count. Several may be there at once, so a key can be followed by another."""

    def __init__(self, lines: Sequence[_Allowed], name: str) -> None:
        self._lines = tuple(lines)
        self._name = name

    @classmethod
    def load(cls, path: Path) -> Self:
        """Reads a file as Git's `gpg.ssh.allowedSignersFile` has it. Raises SigningError.

        Each line is `principals [options] ssh-ed25519 AAAA... [comment]`. Anything in it that is not understood makes
        the whole file unusable, so that no line is taken for less strict than it was meant.
        """
        try:
            with path.open("rb") as file:
                text = file.read(MAX_SIGNERS + 1)
        except OSError as error:
            raise SigningError(f"cannot read the allowed signers in {path}: {error.strerror}") from None
        return cls.parse(text, str(path))

    @classmethod
    def parse(cls, text: bytes, name: str) -> Self:
        """From the file's content; `name` is what messages call it. Raises SigningError."""
        if len(text) > MAX_SIGNERS:
            raise SigningError(f"{name} has more than {MAX_SIGNERS} bytes, the limit; remove signers")
        lines = []
        for number, raw in enumerate(text.split(b"\n"), 1):
            try:
                line = raw.decode().strip(" \t\r")
                if line and not line.startswith("#"):
                    lines.append(_parse_line(line))
            except (SigningError, UnicodeError) as error:
                why = "not UTF-8" if isinstance(error, UnicodeError) else str(error)
                raise SigningError(f"{name}:{number}: {why}") from None
        if not lines:
            raise SigningError(f"{name} has no signer; add a line: NAME ssh-ed25519 AAAA...")
        return cls(lines, name)

    def verify(self, content: bytes, armored: str, at: float | None = None) -> str:
        """Who signed the content: the principals of the key's line. Raises SigningError.

        `at` is the moment (Unix seconds) at which the key must be valid; now, if it is None.
        """
        key, signature = _parse_signature(armored)
        at = time.time() if at is None else at
        mine = [line for line in self._lines if line.key == key]
        if not mine:
            raise SigningError(f"its key {_fingerprint(key)} is not in {self._name}")
        valid = next((line for line in mine if not line.objection(at)), None)
        if valid is None:
            raise SigningError(f"the key of {mine[0].principals} in {self._name} {mine[0].objection(at)}")
        try:
            Ed25519PublicKey.from_public_bytes(key).verify(signature, _signed(content))
        except (InvalidSignature, ValueError):
            raise SigningError(
                f"the signature is not of this content, though by the name of {valid.principals}"
            ) from None
        return valid.principals


def verify_commit(repo: pygit2.Repository, commit: str, signers: AllowedSigners) -> str:
    """Who signed a commit. Its key must have been valid at the committer's time, as Git has it. Raises SigningError."""
    try:
        kind, content = repo.odb.read(commit)
    except (KeyError, ValueError):
        raise SigningError(f"there is no commit {commit}") from None
    if kind != ObjectType.COMMIT:
        raise SigningError(f"{commit} is not a commit")
    payload, armored = split_commit(content)
    return signers.verify(payload, armored, _committer_time(payload))


def is_signed(content: bytes) -> bool:
    """Whether a raw commit has a signature, good or not."""
    return f"\n{FIELD} ".encode() in content.partition(b"\n\n")[0]


def split_commit(content: bytes) -> tuple[bytes, str]:
    """A raw commit as what was signed and the armored signature. Raises SigningError if it has not one of them."""
    if len(content) > MAX_COMMIT:
        raise SigningError(f"the commit has {len(content)} bytes; the limit is {MAX_COMMIT}")
    header, blank, message = content.partition(b"\n\n")
    payload: list[bytes] = []
    signatures: list[list[bytes]] = []
    within = False
    for line in header.split(b"\n"):
        name, _, value = line.partition(b" ")
        if within and line.startswith(b" "):
            signatures[-1].append(line[1:])
            continue
        within = name == FIELD.encode()
        if within:
            signatures.append([value])
        elif name.startswith(FIELD.encode()):
            raise SigningError(f"it has a header {_shown(name)}; sign it with {FIELD} alone")
        else:
            payload.append(line)
    if not signatures:
        raise SigningError("it has no signature; sign it: git commit -S, with gpg.format=ssh")
    if len(signatures) > 1:
        raise SigningError("it has more than one signature; sign it once")
    try:
        armored = b"\n".join(signatures[0]).decode("ascii")
    except UnicodeError:
        raise SigningError("its signature is not ASCII; sign it again") from None
    return b"\n".join(payload) + blank + message, armored


def _committer_time(payload: bytes) -> float:
    found = re.findall(rb"^committer [^\n]*> (\d{1,12}) [+-]\d{4}$", payload.partition(b"\n\n")[0], re.MULTILINE)
    if len(found) != 1:
        raise SigningError("it has no committer with a time")
    return float(found[0])


_OPTION = re.compile(r'([A-Za-z-]+)="([^"\\]*)"(?:,|$)', re.ASCII)
_PRINCIPALS = re.compile(r"[\x23-\x7e]+", re.ASCII)
_NAMESPACES = re.compile(r"[A-Za-z0-9@._-]+(,[A-Za-z0-9@._-]+)*", re.ASCII)
_DATES: Final = {8: "%Y%m%d", 12: "%Y%m%d%H%M", 14: "%Y%m%d%H%M%S"}


def _parse_line(line: str) -> _Allowed:
    words = [word for word in line.replace("\t", " ").split(" ") if word]
    principals = words.pop(0)
    if not _PRINCIPALS.fullmatch(principals):
        raise SigningError(f"the principals {_shown(principals)} are not plain; use ASCII without quotes and negations")
    kind = _KEY_TYPE.decode()
    options = words.pop(0) if words and words[0] != kind and "=" in words[0] else ""
    if not words or words[0] != kind:
        found = _shown(words[0]) if words else "nothing"
        raise SigningError(f"{found} where the key type should be; keys are {kind}, and options have no space")
    if len(words) < 2:
        raise SigningError(f"no key after {kind}")
    key = _public_key(_decode(words[1], "the key"))
    return _Allowed(principals, key, *_parse_options(options))


def _parse_options(text: str) -> tuple[float, float, bool]:
    """From when and until when the key is valid, in Unix seconds, and whether it may sign commits."""
    values: dict[str, str] = {}
    position = 0
    while position < len(text):
        found = _OPTION.match(text, position)
        name = found[1].lower() if found else ""
        if found is None or name not in ("namespaces", "valid-after", "valid-before"):
            shown = _shown(text[position:])
            raise SigningError(f'the option {shown} is not namespaces="...", valid-after="..." or valid-before="..."')
        if name in values:
            raise SigningError(f"the option {name} is there twice")
        values[name] = found[2]
        position = found.end()
    namespaces = values.get("namespaces", _NAMESPACE.decode())
    if not _NAMESPACES.fullmatch(namespaces):
        raise SigningError(f"namespaces {_shown(namespaces)} are not plain names; write git, or more with commas")
    after = _parse_date(values["valid-after"]) if "valid-after" in values else float("-inf")
    before = _parse_date(values["valid-before"]) if "valid-before" in values else float("inf")
    if after >= before:
        raise SigningError("valid-after is not before valid-before")
    return after, before, _NAMESPACE.decode() in namespaces.split(",")


def _parse_date(text: str) -> float:
    digits = text.removesuffix("Z")
    form = _DATES.get(len(digits))
    # Local time would not be the same moment on each node.
    if not text.endswith("Z") or form is None or not (digits.isascii() and digits.isdigit()):
        raise SigningError(f"{_shown(text)} is not a date in UTC; write YYYYMMDDZ, YYYYMMDDHHMMZ or YYYYMMDDHHMMSSZ")
    try:
        return datetime.strptime(digits, form).replace(tzinfo=UTC).timestamp()
    except ValueError:
        raise SigningError(f"there is no date {_shown(text)}") from None


def _parse_signature(armored: str) -> tuple[bytes, bytes]:
    """Public key and signature, 32 and 64 bytes. Raises SigningError for anything but what `Signer.sign` gives."""
    lines = armored.removesuffix("\n").split("\n")
    if len(armored) > _MAX_ARMOR or len(lines) < 3 or (lines[0], lines[-1]) != (_BEGIN, _END):
        raise SigningError(f"its signature is not one by SSH, from {_BEGIN!r} to {_END!r}; set gpg.format to ssh")
    reader = _Reader(_decode("".join(lines[1:-1]), "its signature"), "its signature")
    if reader.take(len(_MAGIC)) != _MAGIC or reader.take(4) != struct.pack(">I", 1):
        raise SigningError("its signature is not of version 1 of SSH signatures")
    key, namespace, reserved, hashed, signature = (reader.string() for _ in range(5))
    reader.end()
    if namespace != _NAMESPACE:
        raise SigningError(f"its signature is for {_shown(namespace)}, not for git")
    if reserved:
        raise SigningError("its signature has a reserved field that is not empty")
    if hashed != _HASH:
        raise SigningError(f"its signature is over the hash {_shown(hashed)}; use sha512")
    public = _public_key(key)
    reader = _Reader(signature, "its signature")
    kind, raw = reader.string(), reader.string()
    reader.end()
    if kind != _KEY_TYPE or len(raw) != 64:
        raise SigningError(f"its signature is by {_shown(kind)}; use an Ed25519 key")
    return public, raw


def _public_key(blob: bytes) -> bytes:
    reader = _Reader(blob, "the public key")
    kind = reader.string()
    if kind != _KEY_TYPE:
        raise SigningError(f"the public key is {_shown(kind)}; use an Ed25519 key")
    key = reader.string()
    reader.end()
    if len(key) != 32:
        raise SigningError(f"the public key has {len(key)} bytes, not 32")
    return key


class _Reader:
    """SSH's wire format: strings behind their length. Raises SigningError, naming `what`, where bytes are missing."""

    def __init__(self, data: bytes, what: str) -> None:
        self._data, self._at, self._what = data, 0, what

    def take(self, count: int) -> bytes:
        taken = self._data[self._at : self._at + count]
        if len(taken) < count:
            raise SigningError(f"{self._what} is cut off")
        self._at += count
        return taken

    def string(self) -> bytes:
        (length,) = struct.unpack(">I", self.take(4))
        return self.take(length)

    def end(self) -> None:
        if self._at != len(self._data):
            raise SigningError(f"{self._what} has bytes after its end")


def _decode(text: str, what: str) -> bytes:
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise SigningError(f"{what} is not base64") from None
    # The unused bits of the last character could be anything else.
    if base64.b64encode(data).decode() != text:
        raise SigningError(f"{what} is not base64 as it should be")
    return data


def _string(data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + data


def _public_blob(key: bytes) -> bytes:
    return _string(_KEY_TYPE) + _string(key)


def _signed(content: bytes) -> bytes:
    """What the key signs."""
    return _MAGIC + b"".join(map(_string, (_NAMESPACE, b"", _HASH, hashlib.sha512(content).digest())))


def _fingerprint(key: bytes) -> str:
    digest = base64.b64encode(hashlib.sha256(_public_blob(key)).digest()).decode().rstrip("=")
    return f"SHA256:{digest}"


def _shown(value: str | bytes) -> str:
    text = ascii(value if isinstance(value, str) else value.decode("ascii", "backslashreplace"))
    return text if len(text) <= 80 else text[:77] + "..."
