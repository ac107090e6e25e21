"""Signatures of commits: Git takes ours, we take Git's, and nobody takes one that was touched."""

from __future__ import annotations

import base64
import hashlib
import struct
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pygit2
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_ssh_private_key,
)
from pygit2.enums import ObjectType

from configedge.signing import AllowedSigners, Signer, SigningError, is_signed, split_commit, verify_commit
from tests.support.control import git
from tests.support.signing import allow, commit_files, make_key, need_ssh_keygen, payload, sign_with, signed

FILES = {"bundles/game/a.yaml": b"text"}


@pytest.fixture
def repo(tmp_path: Path) -> pygit2.Repository:
    return pygit2.init_repository(str(tmp_path / "repo"), bare=True, initial_head="main")


@pytest.fixture
def signer(tmp_path: Path) -> Signer:
    return make_key(tmp_path / "key")


@pytest.fixture
def allowed(tmp_path: Path, signer: Signer) -> AllowedSigners:
    return AllowedSigners.load(allow(tmp_path / "allowed", signer))


def accepts(repo: Path, commit: str, allowed: Path) -> bool:
    """What git says of a commit."""
    command = ["git", "-C", str(repo), "-c", f"gpg.ssh.allowedSignersFile={allowed}", "verify-commit", commit]
    return subprocess.run(command, capture_output=True).returncode == 0


def test_git_accepts_our_signatures(
    tmp_path: Path, repo: pygit2.Repository, signer: Signer, allowed: AllowedSigners
) -> None:
    need_ssh_keygen()
    first = commit_files(repo, FILES, signer)
    who = pygit2.Signature("Ops", "ops@example")
    tree = repo[first].peel(pygit2.Commit).tree.id
    message = "Line\n\n more\n\nSigned-off-by: Ops <ops@example>\n"
    content = str(repo.create_commit_string(who, who, message, tree, [first]))
    second = repo.create_commit_with_signature(content, signer.sign(content.encode()), "gpgsig")
    for commit in (first, str(second)):
        assert accepts(tmp_path / "repo", commit, tmp_path / "allowed")
        assert verify_commit(repo, commit, allowed) == "signer0@example"
    assert not accepts(tmp_path / "repo", first, allow(tmp_path / "others", make_key(tmp_path / "other")))


@pytest.mark.parametrize("message", ["One", "One\n\nbody\n\n\nmore", "ünï ☃", "gpgsig x\n\ngpgsig y"])
def test_we_accept_what_git_signs(tmp_path: Path, signer: Signer, allowed: AllowedSigners, message: str) -> None:
    need_ssh_keygen()
    work = tmp_path / "work"
    git(tmp_path, "init", "-q", "-b", "main", "work")
    sign_with(work, tmp_path / "key")
    git(work, "commit", "-q", "--allow-empty", "-m", "Begin")
    git(work, "commit", "-q", "--allow-empty", "-m", message)
    commit = git(work, "rev-parse", "HEAD")
    assert verify_commit(pygit2.Repository(str(work)), commit, allowed) == "signer0@example"


def test_a_merge_with_a_signed_tag_in_it_is_accepted(tmp_path: Path, signer: Signer, allowed: AllowedSigners) -> None:
    need_ssh_keygen()
    work = tmp_path / "work"
    git(tmp_path, "init", "-q", "-b", "main", "work")
    sign_with(work, tmp_path / "key")
    git(work, "commit", "-q", "--allow-empty", "-m", "Begin")
    git(work, "checkout", "-q", "-b", "side")
    git(work, "commit", "-q", "--allow-empty", "-m", "Side")
    git(work, "tag", "-s", "v1", "-m", "Tagged")
    git(work, "checkout", "-q", "main")
    git(work, "commit", "-q", "--allow-empty", "-m", "Main")
    git(work, "merge", "-q", "--no-edit", "v1")
    commit = git(work, "rev-parse", "HEAD")
    assert "mergetag" in git(work, "cat-file", "commit", commit)
    assert verify_commit(pygit2.Repository(str(work)), commit, allowed) == "signer0@example"


def test_no_byte_of_a_signed_commit_can_change(
    tmp_path: Path, repo: pygit2.Repository, signer: Signer, allowed: AllowedSigners
) -> None:
    commit_files(repo, FILES, signer)
    raw = repo.odb.read(commit_files(repo, {"bundles/game/a.yaml": b"other"}, signer))[1]
    for at in range(len(raw)):
        altered = raw[:at] + bytes([raw[at] ^ 1]) + raw[at + 1 :]
        with pytest.raises(SigningError):
            allowed.verify(*split_commit(altered))


Alter = Callable[[bytes], bytes]
PARTS: dict[str, Alter] = {
    "tree": lambda raw: raw.replace(b"tree ", b"tree 0", 1).replace(b"\nparent", b"parent", 1),
    "another tree": lambda raw: b"tree " + b"0" * 40 + raw[45:],
    "parent": lambda raw: raw.replace(b"\nparent ", b"\nparent " + b"0" * 40 + b"\nparent ", 1),
    "author": lambda raw: raw.replace(b"author Ops", b"author Eve", 1),
    "committer": lambda raw: raw.replace(b"committer Ops", b"committer Eve", 1),
    "a header more": lambda raw: raw.replace(b"\ngpgsig", b"\nencoding latin1\ngpgsig", 1),
    "message": lambda raw: raw + b"more\n",
    "signature": lambda raw: raw.replace(b"\n AAAA", b"\n AAAB", 1),
    "no signature": lambda raw: split_commit(raw)[0],
    "after the signature": lambda raw: raw.replace(b"END SSH SIGNATURE-----", b"END SSH SIGNATURE-----\n junk", 1),
    "two signatures": lambda raw: raw.replace(b"\ngpgsig", b"\ngpgsig x\ngpgsig", 1),
    "another kind beside it": lambda raw: raw.replace(b"\ngpgsig", b"\ngpgsig-sha256 x\ngpgsig", 1),
    "too large": lambda raw: raw + b"x" * (64 << 10),
}


@pytest.mark.parametrize("part", PARTS)
def test_a_commit_that_was_touched_is_refused(
    repo: pygit2.Repository, signer: Signer, allowed: AllowedSigners, part: str
) -> None:
    commit_files(repo, FILES, signer)
    raw = repo.odb.read(commit_files(repo, {"bundles/game/a.yaml": b"other"}, signer))[1]
    altered = PARTS[part](raw)
    assert altered != raw
    commit = str(repo.odb.write(ObjectType.COMMIT, altered))
    with pytest.raises(SigningError) as refused:
        verify_commit(repo, commit, allowed)
    assert "\n" not in str(refused.value)


def sshsig(
    key: Path,
    content: bytes,
    *,
    namespace: bytes = b"git",
    hashed: bytes = b"sha512",
    version: int = 1,
    kind: bytes = b"ssh-ed25519",
    reserved: bytes = b"",
    signed_reserved: bytes = b"",
    after: bytes = b"",
) -> str:
    """A signature made by hand, so that each part of it can be another."""

    def strings(*parts: bytes) -> bytes:
        return b"".join(struct.pack(">I", len(part)) + part for part in parts)

    private = load_ssh_private_key(key.read_bytes(), None)
    assert isinstance(private, Ed25519PrivateKey)
    raw = private.public_key().public_bytes_raw()
    digest = hashlib.new(hashed.decode(), content).digest()
    made = private.sign(b"SSHSIG" + strings(namespace, signed_reserved, hashed, digest))
    parts = strings(strings(kind, raw), namespace, reserved, hashed, strings(kind, made))
    text = base64.encodebytes(b"SSHSIG" + struct.pack(">I", version) + parts + after).decode()
    return f"-----BEGIN SSH SIGNATURE-----\n{text}-----END SSH SIGNATURE-----"


def test_a_signature_of_another_form_is_refused(tmp_path: Path, signer: Signer, allowed: AllowedSigners) -> None:
    key, content = tmp_path / "key", b"content"
    good = sshsig(key, content)
    assert allowed.verify(content, good) == allowed.verify(content, good + "\n") == "signer0@example"
    assert allowed.verify(content, signer.sign(content)) == "signer0@example"
    for armored, said in (
        (sshsig(key, content, namespace=b"file"), "'file'"),
        (sshsig(key, content, hashed=b"sha256"), "sha256"),
        (sshsig(key, content, version=2), "version 1"),
        (sshsig(key, content, kind=b"ssh-rsa"), "ssh-rsa"),
        (sshsig(key, content, reserved=b"x"), "reserved"),
        (sshsig(key, content, reserved=b"x", signed_reserved=b"x"), "reserved"),
        (sshsig(key, content, after=b"x"), "after its end"),
        (good + "\n\n", "not one by SSH"),
        (good + "\njunk", "not one by SSH"),
        ("junk\n" + good, "not one by SSH"),
        (good.replace("U1NI", "U1N\u0399"), "base64"),
        (good.replace("U1NI", "U1 NI"), "base64"),
        (good.replace("-----END SSH", "-----END PGP"), "not one by SSH"),
        (good[:100], "not one by SSH"),
        ("", "not one by SSH"),
        (sshsig(key, b"other"), "not of this content"),
    ):
        with pytest.raises(SigningError, match=said):
            allowed.verify(content, armored)


def test_a_signature_by_an_rsa_key_is_refused(tmp_path: Path, allowed: AllowedSigners) -> None:
    need_ssh_keygen()
    subprocess.run(["ssh-keygen", "-q", "-t", "rsa", "-N", "", "-f", str(tmp_path / "rsa")], check=True)
    git(tmp_path, "init", "-q", "-b", "main", "work")
    sign_with(tmp_path / "work", tmp_path / "rsa")
    git(tmp_path / "work", "commit", "-q", "--allow-empty", "-m", "Begin")
    commit = git(tmp_path / "work", "rev-parse", "HEAD")
    with pytest.raises(SigningError, match="ssh-rsa"):
        verify_commit(pygit2.Repository(str(tmp_path / "work")), commit, allowed)
    with pytest.raises(SigningError, match=r"allowed:2: .*ssh-rsa"):
        AllowedSigners.load(allow(tmp_path / "allowed", (tmp_path / "rsa.pub").read_text().strip()))


def test_a_key_is_followed_by_another_without_a_gap(tmp_path: Path, repo: pygit2.Repository) -> None:
    old, new = make_key(tmp_path / "old"), make_key(tmp_path / "new")
    commits = [commit_files(repo, FILES, signer) for signer in (old, new)]
    for order in ((old, new), (new, old)):
        both = AllowedSigners.load(allow(tmp_path / "both", *order))
        said = [verify_commit(repo, commit, both) for commit in commits]
        assert said == [f"signer{order.index(signer)}@example" for signer in (old, new)]
    only_new = AllowedSigners.load(allow(tmp_path / "new-only", new))
    assert verify_commit(repo, commits[1], only_new)
    with pytest.raises(SigningError, match=r"its key SHA256:\S+ is not in .*new-only"):
        verify_commit(repo, commits[0], only_new)


AT = 1_700_000_000
LINES = {
    "{0}": True,
    "{0} a comment with words": True,
    'namespaces="git" {0}': True,
    'namespaces="file,git" {0}': True,
    'namespaces="file" {0}': False,
    'valid-after="20231114Z" {0}': True,
    'valid-after="20231115Z" {0}': False,
    'valid-after="202311142213Z",valid-before="20231114221320Z" {0}': True,
    'valid-before="20231114221319Z" {0}': False,
    'namespaces="git",valid-before="20990101Z" {0}': True,
    'valid-before="20200101Z" {0}\nanother@example {0}': True,
    'valid-before="20200101Z" {0}\nanother@example {1}': False,
}


@pytest.mark.parametrize("line", LINES)
def test_options_mean_what_they_mean_to_git(
    tmp_path: Path, repo: pygit2.Repository, signer: Signer, line: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    need_ssh_keygen()
    # git hands the time of a commit on in local time.
    monkeypatch.setenv("TZ", "UTC")
    commit = commit_files(repo, FILES, signer, AT)
    path = allow(tmp_path / "allowed", line.format(signer.public, make_key(tmp_path / "other").public))
    try:
        ours = bool(verify_commit(repo, commit, AllowedSigners.load(path)))
    except SigningError:
        ours = False
    assert (ours, accepts(tmp_path / "repo", commit, path)) == (LINES[line], LINES[line])


def test_a_list_that_is_not_understood_is_refused_with_its_line(tmp_path: Path, signer: Signer) -> None:
    for bad, said in (
        ("ssh-ed25519", "no key"),
        ("ssh-ed25519 ???", "base64"),
        (signer.public[:-8], "the public key|base64"),
        ("ecdsa-sha2-nistp256 AAAA", "ecdsa-sha2-nistp256"),
        ("sk-ssh-ed25519@openssh.com AAAA", "sk-ssh"),
        (f"cert-authority {signer.public}", "cert-authority"),
        (f'cert-authority,namespaces="git" {signer.public}', "cert-authority"),
        (f'namespaces="g*" {signer.public}', "plain names"),
        (f'valid-after="20200101" {signer.public}', "UTC"),
        (f'valid-after="20200230Z" {signer.public}', "no date"),
        (f'valid-after="20200101Z",valid-before="20200101Z" {signer.public}', "not before"),
        (f'namespaces="git",namespaces="git" {signer.public}', "twice"),
        (f'verify-required="x" {signer.public}', "the option"),
    ):
        with pytest.raises(SigningError, match=f"allowed:3: .*({said})"):
            AllowedSigners.load(allow(tmp_path / "allowed", signer, bad))
    for text, said in ((b"# none\n", "no signer"), (b"\xff x y\n", ":1: not UTF-8"), (b"x" * (1 << 20), "limit")):
        with pytest.raises(SigningError, match=said):
            AllowedSigners.parse(text, "allowed")
    for line in ('"a b" ', "!a ", "\u00e4@example "):
        with pytest.raises(SigningError, match=r"not plain|key type"):
            AllowedSigners.parse(f"{line}{signer.public}".encode(), "allowed")
    with pytest.raises(SigningError, match="cannot read"):
        AllowedSigners.load(tmp_path / "none")


def test_a_key_that_is_of_no_use_is_refused_with_what_to_do(tmp_path: Path) -> None:
    key = tmp_path / "key"
    make_key(key)
    canary = key.read_text().splitlines()[3]
    for mode in (0o640, 0o604, 0o660):
        key.chmod(mode)
        with pytest.raises(SigningError, match="chmod 600"):
            Signer.load(key)
    key.chmod(0o400)
    assert Signer.load(key).public.startswith("ssh-ed25519 AAAA")

    other = rsa.generate_private_key(65537, 2048).private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption())
    for number, (content, said) in enumerate(
        (
            (other, "not an Ed25519 key"),
            (key.read_bytes()[:200], "not an OpenSSH private key"),
            (b"", "not an OpenSSH private key"),
            (canary.encode(), "not an OpenSSH private key"),
        )
    ):
        bad = tmp_path / f"bad{number}"
        bad.touch(mode=0o600)
        bad.write_bytes(content)
        with pytest.raises(SigningError, match=said) as refused:
            Signer.load(bad)
        assert "ssh-keygen" in str(refused.value) and "\n" not in str(refused.value)
        assert canary not in str(refused.value)
    with pytest.raises(SigningError, match="cannot read"):
        Signer.load(tmp_path / "none")


def test_a_key_with_a_passphrase_is_refused(tmp_path: Path) -> None:
    need_ssh_keygen()
    key = tmp_path / "key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "passphrase", "-f", str(key)], check=True)
    with pytest.raises(SigningError, match="has a passphrase"):
        Signer.load(key)
    subprocess.run(["ssh-keygen", "-q", "-p", "-P", "passphrase", "-N", "", "-f", str(key)], check=True)
    assert Signer.load(key).public in key.with_name("key.pub").read_text()


def test_what_is_no_signed_commit_says_so(repo: pygit2.Repository, allowed: AllowedSigners) -> None:
    unsigned = commit_files(repo, FILES, None)
    assert not is_signed(repo.odb.read(unsigned)[1])
    blob = str(repo.create_blob(b"text"))
    for commit, said in (
        (unsigned, "no signature"),
        (blob, "not a commit"),
        ("1" * 40, "no commit"),
        ("x", "no commit"),
    ):
        with pytest.raises(SigningError, match=said):
            verify_commit(repo, commit, allowed)


def test_a_commit_without_a_time_is_refused(repo: pygit2.Repository, signer: Signer, allowed: AllowedSigners) -> None:
    raw = payload("0" * 40, at=time.time())
    for broken in (raw.replace(b"committer", b"comitter"), raw.replace(b" +0000", b"")):
        with pytest.raises(SigningError, match="no committer"):
            commit = str(repo.odb.write(ObjectType.COMMIT, signed(broken, signer.sign(broken))))
            verify_commit(repo, commit, allowed)
