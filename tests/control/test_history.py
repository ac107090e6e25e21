"""Long histories: what is remembered of them says what Git says, and is bounded."""

from __future__ import annotations

import gc
import json
from pathlib import Path

import pygit2

from configedge.bundle import BundlePath
from configedge.control import layout
from configedge.control.memo import Memo
from configedge.control.repository import Repository
from configedge.control.store import Store
from configedge.control.trail import Trail
from tests.support.control import Control, document, git, running

BUNDLES = [BundlePath("game", f"b{number}") for number in range(7)]


def imported(repository: Path, commits: int) -> None:
    """A history in which each commit changes one bundle or two, and each tenth merges another branch."""
    git(repository.parent, "init", "-q", "--bare", "-b", "main", str(repository))
    lines, mark = list[str](), 0
    for number in range(commits):
        mark += 1
        files = {BUNDLES[number * 3 % 7].git, BUNDLES[number % 5 // 4 * 6].git}
        changes = [f"M 100644 inline {file}\ndata <<E\nn: {number}\nE\n" for file in sorted(files)]
        merge = ""
        if number % 10 == 9:
            side = f"refs/heads/side\nmark :{mark}\ncommitter a <a@b> {number} +0000\ndata 0\nfrom :{mark - 1}\n"
            lines.append(f"commit {side}M 100644 inline {BUNDLES[3].git}\ndata <<E\nside: {number}\nE\n")
            merge, mark = f"from :{mark - 1}\nmerge :{mark}\n", mark + 1
        main = f"refs/heads/main\nmark :{mark}\ncommitter a <a@b> {number} +0000\ndata 0\n{merge}"
        lines.append(f"commit {main}{''.join(changes)}")
    git(repository, "fast-import", "--quiet", stdin="".join(lines).encode())


def by_git(repository: Path, path: BundlePath) -> list[str]:
    first_parents = ["log", "--first-parent", "--diff-merges=first-parent", "-s", "--format=%H", "main", "--", path.git]
    return git(repository, *first_parents).split()


def by_pages(store: Store, path: BundlePath, limit: int) -> list[str]:
    found, cursor = list[str](), None
    while True:
        page = store.history(path, limit, cursor)
        assert len(page.items) <= limit
        found += [item.commit for item in page.items]
        if (cursor := page.next) is None:
            return found


def test_pages_of_a_history_are_what_git_says_before_and_after_it_is_learned(tmp_path: Path) -> None:
    imported(tmp_path / "repo", 200)
    store = Store(tmp_path / "repo")
    for _ in range(2):
        for path in BUNDLES:
            for limit in (1, 7, 50):
                assert by_pages(store, path, limit) == by_git(tmp_path / "repo", path)
        store.learn()
    store.close()


def test_what_is_too_old_to_be_kept_is_looked_up_in_git(tmp_path: Path) -> None:
    imported(tmp_path / "repo", 100)
    store = Store(tmp_path / "repo")
    store._trail = Trail(most=30)
    store.learn()
    known = store._trail.changes(BUNDLES[0], store.tip(), 1_000)
    assert known is not None and known[1] is not None and len(known[0]) < 30
    for path in BUNDLES:
        assert by_pages(store, path, 4) == by_git(tmp_path / "repo", path)
    store.close()


def test_a_branch_that_went_back_is_followed(tmp_path: Path) -> None:
    imported(tmp_path / "repo", 60)
    store = Store(tmp_path / "repo")
    store.learn()
    git(tmp_path / "repo", "update-ref", "refs/heads/main", git(tmp_path / "repo", "rev-parse", "main~7"))
    store.learn()
    for path in BUNDLES:
        assert by_pages(store, path, 3) == by_git(tmp_path / "repo", path)
    store.close()


def test_a_trail_keeps_no_more_than_it_may(tmp_path: Path) -> None:
    imported(tmp_path / "repo", 300)
    repo = Repository(tmp_path / "repo").open()
    trail = Trail(most=40)
    for commit in reversed(git(tmp_path / "repo", "rev-list", "--first-parent", "main").split()):
        assert trail.follow(repo, commit)
        assert trail._known is not None and trail._known.size <= 60 + 3


def changed_by(control: Control, key: str) -> str:
    told = control.http.get("/v1/bundles/game/shop/explain", params={"key": key}).json()
    return str(told["origins"][0]["commit"])


def test_explain_names_the_last_commit_that_gave_a_key_its_value_however_often_it_is_asked(tmp_path: Path) -> None:
    with running(tmp_path / "repo") as control:
        done = control.put("game/shop", document({"price": 1, "n": 0})).json()
        last_change = done["commit"]
        for number, price in enumerate([1, 2, 2, 1, 1, 1], start=1):
            done = control.put("game/shop", document({"price": price, "n": number}), done["etag"]).json()
            last_change = done["commit"] if number in (2, 4) else last_change
            assert [changed_by(control, "price") for _ in range(2)] == [last_change] * 2
            assert changed_by(control, "n") == done["commit"]


def test_what_is_kept_is_bounded_by_its_size_and_the_longest_unused_goes() -> None:
    memo: Memo[int, str] = Memo(100)
    for number in range(10):
        memo.keep(number, str(number), 10)
    assert memo.get(0) == "0"
    memo.keep(10, "10", 10)
    assert (memo.get(0), memo.get(1), memo.get(10)) == ("0", None, "10")
    memo.keep(11, "too large", 101)
    assert [memo.get(number) for number in range(12)] == [None] * 12


def memory() -> int:
    gc.collect()
    status = Path("/proc/self/status").read_text()
    return int(status.partition("RssAnon:")[2].split()[0])


def test_names_that_nobody_has_take_no_memory(tmp_path: Path) -> None:
    imported(tmp_path / "repo", 20)
    repo = pygit2.Repository(str(tmp_path / "repo"))
    tree = repo[repo.references["refs/heads/main"].target].peel(pygit2.Commit).tree
    before = 0
    for number in range(60_000):
        if number == 10_000:
            before = memory()
        assert layout.entry_at(repo, tree, f"bundles/game/{'x' * 40}-{number:010}.yaml") is None
    # pygit2 would keep each of them: 6 MiB.
    assert memory() - before < 2_000


def test_the_api_gives_the_same_pages_of_a_history_that_was_there(tmp_path: Path) -> None:
    imported(tmp_path / "repo", 120)
    with running(tmp_path / "repo") as control:
        found, cursor = list[str](), ""
        while True:
            page = json.loads(control.http.get(f"/v1/bundles/game/b3/history?limit=5{cursor}").content)
            found += [item["commit"] for item in page["items"]]
            if page["next"] is None:
                break
            cursor = f"&cursor={page['next']}"
    assert found == by_git(tmp_path / "repo", BUNDLES[3])
