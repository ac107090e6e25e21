"""What a Python service pays to adopt a configuration or feature-flag client: ours, and five others, all offline.

Every figure comes from fresh processes with a warm file cache, one at a time, ours just before each rival; a rival's
ratio is the median over these pairs of its figure by ours. Each client has 100 numbers and its documented offline mode.
Import is timed around the client's import statements. Set-up goes from there to the first value read. A read is the
best of five loops less an empty one. Threads count native ones too. PSS is that of a worker forked after set-up, less
that of a worker that did the same without a client; private memory is what one process gained by import and set-up.

Changes: four workers read once a millisecond; a time runs from the moment the change is complete until the last worker
has read it. Clients are set up before the fork, as with `gunicorn --preload`; those that this leaves without the thread
that looks for changes once more with a set-up in each worker, as their documentation asks.
"""

from __future__ import annotations

import tempfile
from argparse import Namespace
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from benches.adopt import OURS, RIVALS, load
from benches.adopt.change import Changes, Group, Sightings, make_changes
from benches.adopt.measure import WORKERS, Costs, command, control_mib
from benches.adopt.servers import SERVERS, changes_under
from benches.adopt.source import Source
from benches.chart import bars
from benches.report import Row, finish, options, percentile, spread

CHANGE_P99_MS = 50.0


@dataclass(frozen=True)
class Plan:
    """How often. Times are in seconds."""

    imports: int
    adoptions: int
    shares: int
    loop_s: float
    changes: int
    rival_changes: int
    give_up_s: float


FULL = Plan(imports=11, adoptions=7, shares=5, loop_s=0.05, changes=200, rival_changes=5, give_up_s=6.0)
QUICK = Plan(imports=3, adoptions=1, shares=1, loop_s=0.02, changes=40, rival_changes=2, give_up_s=1.5)


@dataclass(frozen=True)
class Metric:
    name: str
    unit: str
    of: Callable[[Costs], list[float]]
    bar: float | None = None
    """The most that ours may cost."""
    in_pairs: bool = True


METRICS = (
    Metric("import", "ms", lambda costs: costs.import_ms, bar=25),
    Metric("set-up", "ms", lambda costs: costs.setup_ms),
    Metric("read", "ns", lambda costs: next(iter(costs.read_ns.values()))),
    Metric("threads", "threads", lambda costs: costs.threads, bar=0, in_pairs=False),
    Metric("PSS a worker", "MiB", lambda costs: costs.pss_mib, bar=0.5),
    Metric("private memory", "MiB", lambda costs: costs.private_mib),
)

# Ours and a rival, run for run.
Pairs = dict[str, tuple[Costs, Costs]]


def measure(rivals: Sequence[str], directories: dict[str, str], plan: Plan) -> Pairs:
    pairs: Pairs = {rival: (Costs(), Costs()) for rival in rivals}
    for name in (OURS, *rivals):
        Costs().add_import(name)  # warms the file cache and writes the bytecode
    for _ in range(plan.imports):
        for rival, (ours, theirs) in pairs.items():
            ours.add_import(OURS)
            theirs.add_import(rival)
    for _ in range(plan.adoptions):
        for rival, (ours, theirs) in pairs.items():
            ours.add_adoption(OURS, directories[OURS], plan.loop_s)
            theirs.add_adoption(rival, directories[rival], plan.loop_s)
    for _ in range(plan.shares):
        control = control_mib()
        for rival, (ours, theirs) in pairs.items():
            ours.add_share(OURS, directories[OURS], control)
            theirs.add_share(rival, directories[rival], control)
    return pairs


def cost_rows(pairs: Pairs) -> list[Row]:
    rows = []
    for metric in METRICS:
        ours = [value for mine, _ in pairs.values() for value in metric.of(mine)]
        median, low, high = spread(ours)
        bar = "" if metric.bar is None else f"<= {metric.bar} {metric.unit}"
        ok = None if metric.bar is None else median <= metric.bar
        rows.append(Row(f"{metric.name}: {OURS}", median, metric.unit, low, high, bar=bar, ok=ok))
        if metric.name == "read":
            rows += _other_reads(pairs)
        for rival, (mine, theirs) in pairs.items():
            if rival == OURS:
                continue
            median, low, high = spread(metric.of(theirs))
            row = Row(f"{metric.name}: {rival}", median, metric.unit, low, high)
            if metric.in_pairs:
                ratio = spread([b / a for a, b in zip(metric.of(mine), metric.of(theirs), strict=True)])[0]
                row = Row(row.name, median, metric.unit, low, high, OURS, ratio)
            rows.append(row)
    return rows


def _other_reads(pairs: Pairs) -> list[Row]:
    """Our other reads, beside the normal one."""
    normal, *others = load(OURS).READS
    rows = []
    for read in others:
        costs = [
            (cost, base)
            for mine, _ in pairs.values()
            for cost, base in zip(mine.read_ns[read], mine.read_ns[normal], strict=True)
        ]
        median, low, high = spread([cost for cost, _ in costs])
        ratio = spread([cost / base for cost, base in costs])[0]
        rows.append(Row(f"read: {OURS}, {read}", median, "ns", low, high, normal, ratio))
    return rows


def follow(name: str, in_worker: bool, changes: int, give_up_s: float) -> Changes:
    """Changes seen by workers that were forked with os.fork, the client set up before that or in each of them."""
    with tempfile.TemporaryDirectory(prefix="configedge-bench-") as directory, Source(name, directory) as source:
        sightings = Sightings(Path(directory) / "fifo")
        follower = command("follow", name, directory, WORKERS, in_worker, sightings.fifo)
        with Group(follower, Path(directory) / "log") as group:
            pause_s = max(0.02, load(name).INTERVAL_S)
            result = make_changes(source, sightings, group, WORKERS, changes, pause_s, give_up_s)
        sightings.close()
    return result


def our_change_rows(plan: Plan) -> tuple[list[Row], list[str]]:
    """Ours after a bare os.fork and under real servers, and which servers were skipped."""
    rows = _our_changes(f"os.fork, {WORKERS}", follow(OURS, False, plan.changes, plan.give_up_s))
    skipped = []
    for server in SERVERS:
        if server.distribution and not _version(server.distribution):
            skipped.append(f"skipped: {server.name}: not installed (pip install {server.distribution})")
            continue
        with tempfile.TemporaryDirectory(prefix="configedge-bench-") as directory:
            rows += _our_changes(server.name, changes_under(server, Path(directory), plan.changes))
    return rows, skipped


def _our_changes(where: str, changes: Changes) -> list[Row]:
    name, bar = f"change: {OURS}, {where}", f"<= {CHANGE_P99_MS:.0f} ms"
    if not changes.complete:
        return [_not_seen(name, changes, ok=False)]
    median, low, high = spread(changes.ms)
    p99 = percentile(changes.ms, 0.99)
    return [Row(name, median, "ms", low, high), Row(f"  p99, {where}", p99, "ms", bar=bar, ok=p99 <= CHANGE_P99_MS)]


def rival_change_rows(rivals: Sequence[str], plan: Plan) -> list[Row]:
    rows = []
    for rival in rivals:
        for in_worker in (False, True)[: 2 if load(rival).IN_WORKER else 1]:
            name = f"change: {rival}, {'set up in each worker' if in_worker else f'os.fork, {WORKERS}'}"
            changes = follow(rival, in_worker, plan.rival_changes, plan.give_up_s)
            rows.append(Row(name, *_ms(changes)) if changes.complete else _not_seen(name, changes))
    return rows


def _ms(changes: Changes) -> tuple[float, str, float, float]:
    median, low, high = spread(changes.ms)
    return median, "ms", low, high


def _not_seen(name: str, changes: Changes, ok: bool | None = None) -> Row:
    told = "never" if not changes.seen else "not by all"
    return Row(f"{name}: {told}", changes.seen, f"of {changes.workers} workers", ok=ok)


def available() -> tuple[list[str], list[str]]:
    """The rivals that are installed, and for each of the others why it is skipped."""
    found, skipped = [], []
    for rival in RIVALS:
        missing = [name for name in load(rival).INSTALL if not _version(name)]
        if missing:
            skipped.append(f"skipped: {rival}: not installed (pip install {' '.join(missing)})")
        else:
            found.append(rival)
    return found, skipped


def _version(distribution: str) -> str:
    try:
        return version(distribution)
    except PackageNotFoundError:
        return ""


def note(rivals: Sequence[str], skipped: Sequence[str], plan: Plan) -> str:
    lines = [
        f"x rival: the rival's figure by ours, median of pairs. Never: no worker saw it within {plan.give_up_s:g} s."
    ]
    for name in (OURS, *rivals):
        client = load(name)
        versions = ", ".join(f"{distribution} {_version(distribution)}" for distribution in client.INSTALL)
        worker = f"; workers: {client.IN_WORKER}" if client.IN_WORKER else ""
        lines.append(f"{name}: {versions}; {client.SETTINGS}{worker}")
    return "\n".join([*lines, *skipped])


def draw(rows: Sequence[Row], arguments: Namespace) -> str:
    """Charts beside the JSON, one a metric; gives why there are none, if there are none."""
    if not arguments.json:
        return ""
    titles = {
        "import": "Import of a configuration client",
        "read": "One read of a configuration value",
        "PSS a worker": "Memory added to each pre-forked worker",
        "change": "Until all workers see a change, where they do",
    }
    for kind, title in titles.items():
        chosen = [row for row in rows if row.name.startswith(f"{kind}: ") and row.unit in {"ms", "ns", "MiB"}]
        labelled = [(row.name.removeprefix(f"{kind}: "), row.value) for row in chosen]
        path = arguments.json.with_name(f"{arguments.json.stem}-{kind.split()[0].lower()}")
        # Where the shortest bar would hardly be seen.
        values = [value for _, value in labelled]
        log = max(values) > 30 * min(values)
        try:
            bars(path, title, labelled, chosen[0].unit, highlight=lambda label: label.startswith(OURS), log=log)
        except ImportError as error:
            return f"no charts: {error}"
    return ""


def main() -> int:
    arguments = options(__doc__ or "").parse_args()
    plan = QUICK if arguments.quick else FULL
    rivals, skipped = available()
    with ExitStack() as stack:
        directories = {}
        for name in (OURS, *rivals):
            directories[name] = stack.enter_context(tempfile.TemporaryDirectory(prefix="configedge-bench-"))
            with Source(name, directories[name]):
                pass  # leaves the first value there
        # With no rival installed ours is its own, so that it is measured all the same.
        rows = cost_rows(measure(rivals or [OURS], directories, plan))
    changes, no_servers = our_change_rows(plan)
    rows += changes + rival_change_rows(rivals, plan)
    no_charts = draw(rows, arguments)
    return finish("clients", rows, arguments, note(rivals, [*skipped, *no_servers, *filter(None, [no_charts])], plan))


if __name__ == "__main__":
    raise SystemExit(main())
