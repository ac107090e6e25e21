"""What a change costs at the control plane, how it stands a long history, many requests, watchers and abuse.

Everything is the real control plane in a process of its own on a disk, with tokens, audit, fsync and rate limits on. A
write's rivals, in turn with it and with the same text: SET at a Redis that flushes each to disk, and the `git commit`
command with the same durability (core.fsync=committed,reference). Commit and check are what the server says of itself
(Server-Timing); all else is measured at the client, from the request's first byte to the answer's last.

The long history has 10,000 commits of 1,000 bundles, made by `git fast-import`; once packed, once all objects loose, as
they are before the control plane packs them.
"""

from __future__ import annotations

import json
import random
import subprocess
import tempfile
import time
from argparse import Namespace
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from pathlib import Path

from benches.chart import bars
from benches.plane import abuse, history
from benches.plane.rivals import redis_on_disk
from benches.plane.server import JSON, Client, example_document, running
from benches.plane.watchers import Watchers
from benches.propagation import GitCommand
from benches.report import Row, Skipped, finish, machine, options, percentile, spread

BUNDLE = "/v1/bundles/bench/matchmaking"
COMMIT_MS, PUT_MS, MANY_MS, READ_MS = 5.0, 17.0, 500.0, 20.0
"""Bars: commit p50; PUT p99 with one writer; PUT p99 with eight; reading a long history, p99."""
GROWTH, ABUSED = 20.0, 2.0
"""Bars: % of memory; times the quiet p99."""


def writes(root: Path, rows: list[Row], skipped: list[Skipped], number: int) -> None:
    """One writer, and its rivals in turn."""
    times: dict[str, list[float]] = defaultdict(list)
    with running(root) as plane, redis_on_disk(root / "redis") as redis:
        git = GitCommand(root / "rival", example_document(0))
        client, etag = plane.client("writer"), None
        for n in range(number + 10):
            text = example_document(n)
            answer = client.put(BUNDLE, text, etag)
            etag = answer.json()["etag"]
            # The first ones are no different for people, but they create what is made once.
            taken = times if n >= 10 else defaultdict(list)
            taken["PUT"].append(answer.ms)
            for stage in ("check", "commit"):
                taken[stage].append(answer.stage(stage))
            if redis is not None:
                begun = time.perf_counter()
                redis.set("bench/matchmaking", text)
                taken["Redis SET"].append((time.perf_counter() - begun) * 1e3)
            taken["git commit"].append(git.commit_ms(n))
    if redis is None:
        skipped.append(Skipped("Redis SET", "redis-server is not installed"))
    commit = spread(times["commit"])[0]
    rows += [
        _row("PUT, 1 writer", times["PUT"], "Redis SET", times.get("Redis SET")),
        _late("  p99", times["PUT"], PUT_MS, "git commit", times["git commit"]),
        _row("  check: by the control plane", times["check"]),
        _row("  commit: Git, synced to disk", times["commit"], "git commit", times["git commit"], COMMIT_MS, commit),
    ]
    rows += [_row(f"  rival: {name}", times[name]) for name in ("Redis SET", "git commit") if name in times]


def many_writers(root: Path, rows: list[Row], writers: int, each: int) -> None:
    """Every acknowledged commit must be in the history, of main and of its bundle, and every bundle as written last."""
    with running(root) as plane:
        clients = [plane.client(f"writer-{n}") for n in range(writers)]

        def write(writer: int) -> tuple[list[str], list[float], str]:
            path, etag = f"/v1/bundles/bench/writer-{writer}", None
            acknowledged, taken = [], []
            for n in range(each):
                answer = clients[writer].put(path, example_document(writer * each + n), etag)
                etag = answer.json()["etag"]
                acknowledged.append(answer.json()["commit"])
                taken.append(answer.ms)
            return acknowledged, taken, str(etag)

        with ThreadPoolExecutor(writers) as threads:
            done = list(threads.map(write, range(writers)))
        log = subprocess.run(
            ["git", "-C", str(plane.repo), "rev-list", "--first-parent", "main"],
            check=True,
            capture_output=True,
            text=True,
        )
        on_main, lost = set(log.stdout.split()), 0
        for writer, (acknowledged, _, etag) in enumerate(done):
            path = f"/v1/bundles/bench/writer-{writer}"
            told = {item["commit"] for item in _pages(clients[writer], f"{path}/history?limit=1000")}
            lost += len(set(acknowledged) - (on_main & told))
            lost += clients[writer].get(path).json()["etag"] != etag
    taken = [ms for _, times, _ in done for ms in times]
    total = writers * each
    rows += [
        _row(f"PUT, {writers} writers x {each}", taken),
        _late("  p99", taken, MANY_MS),
        Row(f"  lost of {total:,} acknowledged", lost, "commits", bar="0", ok=lost == 0),
    ]


def long_history(root: Path, rows: list[Row], commits: int, bundles: int, number: int) -> None:
    for form in ("packed", "loose"):
        place = root / form
        place.mkdir(parents=True)
        names = history.make(place / "repo.git", commits, bundles, packed=form == "packed")
        with running(place) as plane:
            client, pick = plane.client("reader"), random.Random(7)
            first = client.get(f"/v1/bundles/{names[0]}/history").ms
            all_commits = [item["commit"] for item in _pages(client, "/v1/history?limit=1000")]
            _wait_until_known(client, f"/v1/bundles/{names[0]}/history")
            asked = _questions(pick, names, all_commits)
            times: dict[str, list[float]] = defaultdict(list)
            for n in range(number + 5):
                for name, path in asked():
                    answer = client.get(path)
                    if n >= 5:
                        times[name].append(answer.ms)
            # After what is read: it also starts the packing.
            taken = [client.put(*_update(client, pick.choice(names), n)).ms for n in range(number // 4)]
        rows.append(Row(f"{commits:,} commits, {bundles:,} bundles, {form}: first history after a start", first, "ms"))
        for name, found in times.items():
            rows.append(_row(f"  {name}", found))
            rows.append(_late("    p99", found, READ_MS if name in _BOUND else None))
        rows += [_row("  PUT into it", taken), _late("    p99", taken, None)]


_BOUND = ("history of a bundle, a page", "history of everything, a page", "a bundle at a commit")


def _questions(
    pick: random.Random, names: Sequence[str], commits: Sequence[str]
) -> Callable[[], Iterator[tuple[str, str]]]:
    overlaid = names[::10]
    apart = min(100, len(commits) - 1)

    def questions() -> Iterator[tuple[str, str]]:
        name, at, n = pick.choice(names), pick.choice(commits), pick.randrange(len(commits) - apart)
        yield _BOUND[0], f"/v1/bundles/{name}/history?limit=50"
        yield _BOUND[1], f"/v1/history?limit=50&cursor={at}"
        yield _BOUND[2], f"/v1/bundles/{name}?at={at}"
        yield "explain a key", f"/v1/bundles/{pick.choice(overlaid)}/explain?key=limits.wait_s&environment=prod"
        yield f"diff of commits {apart} apart", f"/v1/diff?from={commits[n + apart]}&to={commits[n]}"
        yield "list 100 bundles", "/v1/bundles?limit=100"

    return questions


def _wait_until_known(client: Client, path: str) -> None:
    """Until the control plane has looked through the history, which it does beside requests."""
    for _ in range(200):
        if client.get(path).json()["next"] is None and client.get(path).ms < READ_MS:
            return
        time.sleep(0.1)


def _update(client: Client, name: str, n: int) -> tuple[str, bytes, str]:
    path = f"/v1/bundles/{name}"
    now = client.get(path).json()
    now["document"]["spec"]["values"]["limits"]["players"] = 1_000_000 + n
    return path, json.dumps(now["document"]).encode(), now["etag"]


def memory(root: Path, rows: list[Row], requests: int, barred: bool) -> None:
    """Reads and writes of all kinds, right and wrong ones, from several clients: does the process grow?

    What comes first fills what is kept of documents, some MiB at most; the bar (`barred`) is for what follows.
    """
    with running(root) as plane:
        numbers, threads = count(), 4
        warm = requests // 5
        first = plane.client("first")
        for n in range(20):
            first.put(f"/v1/bundles/mixed/b{n}", example_document(n), None)
        clients = [plane.client(f"mixed-{n}") for n in range(threads)]

        def ask(client: Client, until: int) -> None:
            pick = random.Random(until)
            while (n := next(numbers)) < until:
                _anything(client, pick, n)

        def all_up_to(until: int) -> float:
            with ThreadPoolExecutor(threads) as pool:
                list(pool.map(lambda client: ask(client, until), clients))
            return plane.memory_mib()

        before = all_up_to(warm)
        begun = time.perf_counter()
        after = all_up_to(warm + requests)
        rate = requests / (time.perf_counter() - begun)
    growth = (after / before - 1) * 100
    rows += [
        Row(f"memory after {warm:,} requests", before, "MiB"),
        Row(f"memory after {requests:,} more", after, "MiB"),
        Row(
            "  growth", growth, "%", bar=f"<= {GROWTH:.0f} %" if barred else "", ok=growth <= GROWTH if barred else None
        ),
        Row(f"  mixed requests, {threads} clients", rate, "/s"),
    ]


def _anything(client: Client, pick: random.Random, n: int) -> None:
    path = f"/v1/bundles/mixed/b{pick.randrange(20)}"
    kind, expected = n % 20, [200]
    if kind < 2:
        etag = client.get(path).json()["etag"]
        answer = client.ask("PUT", path, example_document(n), {**JSON, "If-Match": f'"{etag}"'})
        expected = [200, 412]
    elif kind == 2:
        answer = client.ask("PUT", path, b'{"spec": [}', {**JSON, "If-Match": "*"})
        expected = [400]
    elif kind == 3:
        body = json.dumps({"changes": [{"bundle": "mixed/b1", "op": "merge", "patch": {"spec": {"values": {"x": n}}}}]})
        answer = client.ask("POST", "/v1/validate", body.encode(), JSON)
        expected = [200, 422]
    elif kind == 4:
        answer = client.ask("GET", f"/v1/bundles/mixed/none-{n}")
        expected = [404]
    elif kind == 5:
        answer = client.ask("GET", path, None, {"Authorization": f"Bearer {n}"})
        expected = [401]
    else:
        tail = ("", "/history?limit=20", "/explain?key=limits.retry_after_s", "/effective", "/overlays")[n % 5]
        answer = client.ask(
            "GET", path + tail if kind < 18 else "/v1/history?limit=20" if kind == 18 else "/v1/bundles"
        )
    # Whoever asks too often is told so: that is an answer as well.
    if answer.status not in (*expected, 429):
        raise SystemExit(f"request {n} of kind {kind} was answered {answer.status}: {answer.body[:300]!r}")


def watching(root: Path, rows: list[Row], watchers: int, commits: int) -> None:
    with running(root) as plane, Watchers(plane.url, plane.token("watcher"), watchers) as all_of_them:
        client, etag = plane.client("writer"), None
        each, last = list[float](), list[float]()
        for n in range(commits):
            begun = time.perf_counter()
            answer = client.put(BUNDLE, example_document(n), etag)
            etag = answer.json()["etag"]
            on_disk = begun + (answer.stage("check") + answer.stage("commit")) / 1e3
            taken = [(at - on_disk) * 1e3 for at in all_of_them.saw(answer.json()["commit"])]
            each += taken
            last.append(max(taken))
            time.sleep(0.05)
    rows += [
        _row(f"commit -> event at a watcher, {watchers} watch", each),
        _late("  p99", each, None),
        _row("  the last of them", last),
    ]


def abused(root: Path, rows: list[Row], rounds: int, requests: int) -> None:
    """A good client that writes and reads, in turn alone and with one shape of abuse beside it."""
    with running(root) as plane:
        client = plane.client("good")
        etag = str(client.put(BUNDLE, example_document(0), None).json()["etag"])
        bad = plane.token("bad")
        client.put("/v1/bundles/bad/own", example_document(0), None)
        numbers = count(1)

        def round_of() -> list[float]:
            nonlocal etag
            taken = []
            for _ in range(requests):
                answer = client.put(BUNDLE, example_document(next(numbers)), etag)
                etag = answer.json()["etag"]
                taken += [answer.ms, client.get(BUNDLE).ms]
                time.sleep(0.005)
            return taken

        round_of()
        for shape in abuse.SHAPES:
            ratios, beside, alone = list[float](), list[float](), list[float]()
            for _ in range(rounds):
                quiet = round_of()
                with abuse.beside(shape, plane.url, bad, "bad/own"):
                    busy = round_of()
                ratios.append(percentile(busy, 0.99) / percentile(quiet, 0.99))
                beside += busy
                alone += quiet
            _, low, high = spread(beside)
            ratio = spread(ratios)[0]
            rows.append(
                Row(f"good clients beside {shape}: p99", percentile(beside, 0.99), "ms", low, high, "quiet", ratio,
                    f"<= {ABUSED:g} x", ratio <= ABUSED)
            )  # fmt: skip


def _pages(client: Client, path: str) -> Iterator[dict[str, str]]:
    cursor = None
    while True:
        page = client.get(path + (f"&cursor={cursor}" if cursor else "")).json()
        yield from page["items"]
        if (cursor := page["next"]) is None:
            return


def _row(
    name: str,
    values: Sequence[float],
    rival: str = "",
    theirs: Sequence[float] | None = None,
    bar: float | None = None,
    barred: float = 0.0,
) -> Row:
    """`barred` is what the bar is for. Ratios are of pairs."""
    value, low, high = spread(values)
    ratio = spread([a / b for a, b in zip(values, theirs, strict=True)])[0] if theirs else None
    told = "" if bar is None else f"<= {bar:g} ms p50"
    return Row(
        name, value, "ms", low, high, rival if theirs else "", ratio, told, None if bar is None else barred <= bar
    )


def _late(
    name: str, values: Sequence[float], bar: float | None, rival: str = "", theirs: Sequence[float] | None = None
) -> Row:
    """The ratio is that of the two 99th percentiles: a disk that stalls stalls both."""
    p99 = percentile(values, 0.99)
    ratio = p99 / percentile(theirs, 0.99) if theirs else None
    told = "" if bar is None else f"<= {bar:g} ms"
    return Row(name, p99, "ms", rival=rival, ratio=ratio, bar=told, ok=None if bar is None else p99 <= bar)


def draw(rows: Sequence[Row], file: Path) -> None:
    """The medians in ms, of the long history while it is packed, beside the JSON in `file`."""
    medians: dict[str, float] = {}
    for row in rows:
        if row.unit == "ms" and row.low is not None and "p99" not in row.name:
            medians.setdefault(row.name.strip(), row.value)
    title = f"The control plane, every write synced to disk: {machine()['cpu']}"
    try:
        bars(file, title, list(medians.items()), "ms", highlight=lambda name: not name.startswith("rival"), log=True)
    except ImportError as error:
        print(f"chart skipped: {error}: pip install matplotlib")


def main() -> int:
    parser = options(__doc__ or "")
    parser.add_argument("--only", help="measure these steps alone, as in writes,abuse")
    arguments: Namespace = parser.parse_args()
    quick = arguments.quick
    rows: list[Row] = []
    skipped: list[Skipped] = []
    # On a disk: flushing is what most of it is about.
    with tempfile.TemporaryDirectory(prefix="configedge-bench-") as directory:
        root = Path(directory)
        steps: dict[str, Callable[[], None]] = {
            "writes": lambda: writes(root / "writes", rows, skipped, 100 if quick else 1_000),
            "many-writers": lambda: many_writers(root / "many", rows, 8, 20 if quick else 100),
            "history": lambda: long_history(
                root / "long", rows, 2_000 if quick else 10_000, 200 if quick else 1_000, 60 if quick else 400
            ),
            "memory": lambda: memory(root / "memory", rows, 5_000 if quick else 100_000, not quick),
            "watching": lambda: watching(root / "watching", rows, 100, 30 if quick else 300),
            "abuse": lambda: abused(root / "abuse", rows, 1 if quick else 9, 60 if quick else 150),
        }
        wanted = arguments.only.split(",") if arguments.only else list(steps)
        for name in wanted:
            print(f"measuring: {name}", flush=True)
            steps[name]()
    code = finish("control", rows, arguments, "Tokens, audit, fsync and rate limits on.", skipped)
    if arguments.json:
        draw(rows, arguments.json)
    return code


if __name__ == "__main__":
    raise SystemExit(main())
