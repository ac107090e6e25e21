"""Keys, lists of signers, and repositories whose commits are signed."""

from __future__ import annotations

import shutil
import time
from collections.abc import Mapping
from pathlib import Path

import pygit2
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from pygit2.enums import FileMode, ObjectType

from configedge.signing import Signer
from tests.support.control import git

BRANCH = "refs/heads/main"


def need_ssh_keygen() -> None:
    if shutil.which("ssh-keygen") is None:
        pytest.skip("ssh-keygen is not installed: apt-get install openssh-client")


def make_key(path: Path) -> Signer:
    """A new key in a file, and its public half beside it as Git wants it."""
    key = Ed25519PrivateKey.generate()
    path.touch(mode=0o600)
    path.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption()))
    signer = Signer.load(path)
    path.with_name(path.name + ".pub").write_text(signer.public + "\n")
    return signer


def allow(path: Path, *signers: Signer | str) -> Path:
    """A file of allowed signers, replaced as one; each of them is called after its place."""
    lines = [f"signer{n}@example {one if isinstance(one, str) else one.public}\n" for n, one in enumerate(signers)]
    temporary = path.with_name(f".{path.name}.new")
    temporary.write_text("# who may sign\n" + "".join(lines))
    return temporary.rename(path)


def sign_with(work: Path, key: Path) -> None:
    """Has git sign each commit that it makes in a clone."""
    for name, value in {"gpg.format": "ssh", "user.signingkey": str(key), "commit.gpgsign": "true"}.items():
        git(work, "config", name, value)


def signed(payload: bytes, signature: str) -> bytes:
    """A raw commit with a signature, as Git lays it out."""
    header, blank, message = payload.partition(b"\n\n")
    return header + b"\ngpgsig " + signature.replace("\n", "\n ").encode() + blank + message


def payload(tree: str, parents: tuple[str, ...] = (), at: float | None = None, message: str = "Update\n") -> bytes:
    """A raw commit without a signature, made `at` that time."""
    who = f"Ops <ops@example> {int(time.time() if at is None else at)} +0000"
    head = "".join([f"tree {tree}\n", *(f"parent {parent}\n" for parent in parents)])
    return f"{head}author {who}\ncommitter {who}\n\n{message}".encode()


def commit_files(
    repo: pygit2.Repository, files: Mapping[str, bytes | None], signer: Signer | None, at: float | None = None
) -> str:
    """Commits files by path (None: removes one) on main, signed; gives the commit."""
    index = pygit2.Index()
    parents: tuple[str, ...] = ()
    if BRANCH in repo.references:
        parents = (str(repo.references[BRANCH].target),)
        index.read_tree(repo[parents[0]].peel(pygit2.Commit).tree)
    for path, content in files.items():
        if content is None:
            index.remove(path)
        else:
            index.add(pygit2.IndexEntry(path, repo.create_blob(content), FileMode.BLOB))
    raw = payload(str(index.write_tree(repo)), parents, at)
    if signer is not None:
        raw = signed(raw, signer.sign(raw))
    commit = str(repo.odb.write(ObjectType.COMMIT, raw))
    repo.references.create(BRANCH, commit, force=True)
    return commit
