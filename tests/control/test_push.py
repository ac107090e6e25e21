"""`git push` to the control plane's repository: checked on the way in, and rendered when it is there."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from configedge.bundle import to_yaml
from tests.support.control import Control, document, git, running
from tests.support.people import asking
from tests.support.relay import wait_for

GOOD = to_yaml(document({"n": 2}, name="a", namespace="game")).decode()


class Clone:
    """An operator's work tree."""

    def __init__(self, control: Control, work: Path) -> None:
        self.control, self.work = control, work
        git(control.repo, "clone", "-q", "--no-local", "-b", "main", str(control.repo), str(work))

    def commit(self, files: dict[str, str | None], message: str = "By hand") -> str:
        """On top of what main is now; None removes a file."""
        self._settled()
        git(self.work, "fetch", "-q", "origin", "main")
        git(self.work, "reset", "-q", "--hard", "FETCH_HEAD")
        for path, text in files.items():
            file = self.work / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.unlink(missing_ok=True)
            if text is not None:
                file.write_text(text)
        git(self.work, "add", "-A")
        git(self.work, "commit", "-q", "-m", message)
        return git(self.work, "rev-parse", "HEAD")

    def _settled(self) -> None:
        """Waits until a push before has been followed by its rendering, or this one meets that."""
        while "Subject: " not in git(self.control.repo, "log", "-1", "--format=%B", "main"):
            tip = self.control.tip()
            time.sleep(1.3)
            if self.control.tip() == tip:
                return

    def push(self, *what: str) -> str:
        """What git says if the push was refused; empty if it was taken."""
        command = ["git", "-C", str(self.work), "push", "-q", "origin", *(what or ("HEAD:main",))]
        done = subprocess.run(command, capture_output=True, text=True, timeout=30)
        return done.stderr if done.returncode else ""

    def refused(self, files: dict[str, str | None]) -> str:
        """Why; nothing was taken."""
        self._settled()
        tip = self.control.tip()
        self.commit(files)
        said = self.push()
        assert "Nothing was taken" in said, said or "it was taken"
        assert self.control.tip() == tip
        return said


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Clone]:
    root = tmp_path_factory.mktemp("push")
    with running(root / "repo") as control:
        for name in ("game/base", "safe/base"):
            assert control.put(name, document({"n": 1, "limits": 1})).status_code == 200
            assert control.put(f"{name}/overlays/prod", document({"m": 1})).status_code == 200
    with asking(root / "repo", [{"namespace": "vault"}, {"namespace": "safe", "key": "limits"}]) as control:
        yield Clone(control, root / "work")


def test_what_is_pushed_is_served_and_written_down(clone: Clone) -> None:
    commit = clone.commit({"bundles/game/a.yaml": GOOD, "README.md": "ours\n"})
    assert clone.push() == ""
    told = clone.control.get("game/a").json()
    assert told["document"]["spec"]["values"] == {"n": 2} and told["problems"] == []
    items = clone.control.http.get("/v1/bundles/game/a/history").json()["items"]
    assert (items[0]["commit"], items[0]["subject"], items[0]["author"]) == (commit, None, "someone@else")

    def entry() -> bool:
        newest = clone.control.http.get("/v1/audit", params={"limit": 20}).json()["items"]
        return any((one["action"], one["commit"], one["target"]) == ("push", commit, "game/a") for one in newest)

    wait_for(entry)


def test_a_broken_document_is_refused_with_file_and_line(clone: Clone) -> None:
    text = GOOD.replace('"n": 2', '"n": [2')
    assert text != GOOD
    said = clone.refused({"bundles/game/b.yaml": text})
    assert "bundles/game/b.yaml:" in said
    schema = to_yaml(document({"n": 2}, {"properties": {"n": {"maximum": 1}}}, name="b", namespace="game")).decode()
    said = clone.refused({"bundles/game/b.yaml": schema})
    line = schema.splitlines().index('    "n": 2') + 1
    assert f"bundles/game/b.yaml:{line}:" in said and "spec.values.n" in said


def test_a_document_under_another_name_is_refused(clone: Clone) -> None:
    assert "game/a" in clone.refused({"bundles/game/b.yaml": GOOD})


def test_a_link_is_refused(clone: Clone) -> None:
    tip = clone.control.tip()
    clone.commit({"notes": "x", "bundles/game/link.yaml": None})
    (clone.work / "bundles/game/link.yaml").symlink_to("/etc/passwd")
    git(clone.work, "add", "-A")
    git(clone.work, "commit", "-q", "-m", "Link")
    assert "not a regular file" in clone.push() and clone.control.tip() == tip


@pytest.mark.parametrize("path", ["rendered/prod/game/base.yaml", "tombstones/game/x.yaml", "approvals/0.json"])
def test_what_is_the_control_planes_own_is_refused(clone: Clone, path: str) -> None:
    assert path.partition("/")[0] in clone.refused({path: "n: 1\n"})


def test_a_protected_document_is_refused(clone: Clone) -> None:
    vault = to_yaml(document({"n": 1}, name="x", namespace="vault")).decode()
    assert "protected" in clone.refused({"bundles/vault/x.yaml": vault})
    limits = to_yaml(document({"n": 1, "limits": 5}, name="base", namespace="safe")).decode()
    assert "protected" in clone.refused({"bundles/safe/base.yaml": limits})
    overlay = to_yaml(document({"m": 1, "limits": 5}, name="base", namespace="safe")).decode()
    assert "protected" in clone.refused({"overlays/prod/safe/base.yaml": overlay})
    assert "protected" in clone.refused({"bundles/safe/base.yaml": None, "overlays/prod/safe/base.yaml": None})
    free = to_yaml(document({"n": 3, "limits": 1}, name="base", namespace="safe")).decode()
    clone.commit({"bundles/safe/base.yaml": free})
    assert clone.push() == "", "another key of it is not"


def test_an_overlay_is_rendered_by_a_commit_that_follows(clone: Clone) -> None:
    overlay = to_yaml(document({"n": 7}, name="base", namespace="game")).decode()
    commit = clone.commit({"overlays/prod.eu/game/base.yaml": overlay})
    assert clone.push() == ""
    shown = "main:rendered/prod.eu/game/base.yaml"
    wait_for(lambda: subprocess.run(["git", "-C", clone.control.repo, "cat-file", "-e", shown]).returncode == 0)
    assert yaml.safe_load(git(clone.control.repo, "show", shown))["spec"]["values"] == {"n": 7, "limits": 1, "m": 1}
    head = clone.control.http.get("/v1/history", params={"limit": 2}).json()["items"]
    assert [one["subject"] for one in head] == ["configedge", None] and head[1]["commit"] == commit
    told = clone.control.http.get(
        "/v1/bundles/game/base/effective", params={"environment": "prod", "region": "eu"}
    ).json()
    assert told["values"] == {"n": 7, "limits": 1, "m": 1}


def test_a_write_that_comes_first_renders_what_was_pushed_too(clone: Clone) -> None:
    overlay = to_yaml(document({"m": 8}, name="base", namespace="game")).decode()
    clone.commit({"overlays/prod/game/base.yaml": overlay})
    assert clone.push() == ""
    assert clone.control.put("game/after-push", document({"n": 1})).status_code == 200
    text = git(clone.control.repo, "show", "main:rendered/prod/game/base.yaml")
    assert yaml.safe_load(text)["spec"]["values"] == {"n": 1, "limits": 1, "m": 8}


def test_an_overlay_that_a_node_would_refuse_is_refused(clone: Clone) -> None:
    strict = document({"n": 1}, {"properties": {"n": {"maximum": 5}}})
    assert clone.control.put("game/strict", strict).status_code == 200
    overlay = to_yaml(document({"n": 50}, name="strict", namespace="game")).decode()
    assert "overlays/prod/game/strict.yaml" in clone.refused({"overlays/prod/game/strict.yaml": overlay})
    assert "overlays/prod/game/strict.yaml:" in clone.refused({"overlays/prod/game/strict.yaml": "a: [\n"})
    schema = to_yaml(document({"n": 1}, {"type": "object"}, name="strict", namespace="game")).decode()
    assert "no schema of its own" in clone.refused({"overlays/prod/game/strict.yaml": schema})


def test_history_is_not_rewritten_and_main_not_deleted(clone: Clone) -> None:
    tip = clone.control.tip()
    clone.commit({"notes": "z"})
    git(clone.work, "commit", "-q", "--allow-empty", "-m", "Another")
    git(clone.work, "reset", "-q", "--soft", f"{tip}~1")
    git(clone.work, "commit", "-q", "-m", "Rewritten")
    assert clone.push() and "by first parents" in clone.push("--force", "HEAD:main")
    assert clone.push("--delete", "main")
    assert clone.control.tip() == tip
    git(clone.work, "reset", "-q", "--hard", "origin/main")


def test_proposals_are_not_made_by_pushing(clone: Clone) -> None:
    clone.commit({"notes": "p"})
    assert clone.push("HEAD:refs/proposals/0123456789abcdef")
    assert git(clone.control.repo, "for-each-ref", "refs/proposals") == ""


def test_nobody_pushes_under_a_subject_or_a_key_of_somebody_else(clone: Clone) -> None:
    """What follows a commit's last blank line is what the control plane says of it."""
    for forged in ("Subject: token:admin", f"Idempotency-Key: {'0' * 64}\nRequest: {'0' * 64}"):
        tip = clone.control.tip()
        clone.commit({"notes": forged}, f"Innocent\n\n{forged}")
        assert "Nothing was taken" in clone.push() and clone.control.tip() == tip
        # Nor below a commit that is well.
        (clone.work / "notes").write_text("more")
        git(clone.work, "commit", "-q", "-am", "More")
        assert "Nothing was taken" in clone.push() and clone.control.tip() == tip


def test_branches_beside_main_are_free(clone: Clone) -> None:
    clone.commit({"bundles/game/broken.yaml": "a: [\n"})
    assert clone.push("HEAD:refs/heads/draft") == ""
    assert clone.control.get("game/broken").status_code == 404


def test_with_a_remote_pushes_go_there(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q", "--bare", "-b", "main", "remote")
    with running(tmp_path / "repo", "--remote", str(tmp_path / "remote")) as control:
        mine = Clone(control, tmp_path / "work")
        mine.commit({"bundles/game/a.yaml": GOOD})
        assert "pushes go to" in mine.push()
        git(mine.work, "push", "-q", str(tmp_path / "remote"), "HEAD:main")
        wait_for(lambda: control.get("game/a").status_code == 200)
        assert control.put("game/b", document({"n": 1})).status_code == 200
        assert git(tmp_path / "remote", "rev-parse", "main") == control.tip()
