"""The model of large fleets agrees with what can be had by arithmetic, and its bench tells what it found."""

from __future__ import annotations

import math
import random
import re
import statistics
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

simpy = pytest.importorskip("simpy", reason="simpy is not installed: make bench installs it")

from benches import scale  # noqa: E402
from benches.scaling import capacity, herd, path, pull  # noqa: E402
from benches.scaling import constants as c  # noqa: E402
from benches.scaling.capacity import HEARTBEATS, Load  # noqa: E402
from benches.scaling.herd import KUBE_RS, LOCKSTEP, SYNC, Dropped, Level, Restart  # noqa: E402
from benches.scaling.path import Fleet, Model  # noqa: E402
from benches.scaling.pull import Pull  # noqa: E402
from benches.scaling.station import Controller, Station, Steps  # noqa: E402
from configedge.control.tips import FETCHES_S, MAX_WAITING  # noqa: E402
from tests.support.tools import ROOT  # noqa: E402

NEAR = (0.001,)
SIZE = 64 * c.KIB


def mean(delay: c.Delay) -> float:
    """Of the log-normal distribution with that median and 99th percentile."""
    sigma = math.log(delay.p99 / delay.median) / 2.3263
    return delay.median * math.exp(sigma**2 / 2)


@pytest.mark.parametrize("share", [0.3, 0.6, 0.8])
def test_a_queue_waits_as_long_as_theory_says(share: float) -> None:
    """One server, random arrivals, equal jobs (M/D/1): the mean wait is share x service / (2 (1 - share))."""
    env, rng, service, waits = simpy.Environment(), random.Random(5), 1.0, list[float]()
    station = Station(env, 1)

    def job() -> Steps:
        begun = env.now
        yield from station.serve(service)
        waits.append(env.now - begun - service)

    def arrivals() -> Steps:
        for _ in range(40_000):
            yield env.timeout(rng.expovariate(share / service))
            env.process(job())

    env.process(arrivals())
    env.run()
    assert station.arrived == station.served == len(waits) == 40_000
    assert station.utilisation(env.now) == pytest.approx(share, rel=0.03)
    assert statistics.fmean(waits) == pytest.approx(share * service / (2 * (1 - share)), rel=0.1)


def test_jobs_that_come_at_once_are_through_after_their_work_over_the_servers() -> None:
    env = simpy.Environment()
    station = Station(env, 8)
    for _ in range(1000):
        env.process(station.serve(0.002))
    env.run()
    assert env.now == pytest.approx(1000 * 0.002 / 8)
    assert station.longest == 1000 - 8


def test_a_controller_works_for_the_newest_revision_only() -> None:
    env, worked = simpy.Environment(), list[tuple[float, int]]()

    def work(revision: int) -> Steps:
        yield env.timeout(1.0)
        worked.append((env.now, revision))

    controller = Controller(env, work)

    def pushes() -> Steps:
        for revision in range(20):
            controller.offer(revision)
            yield env.timeout(0.1)

    env.process(pushes())
    env.run()
    assert [revision for _, revision in worked] == [0, 10, 19]
    assert [at for at, _ in worked] == pytest.approx([1.0, 2.0, 3.0])
    assert controller.runs == 3


def test_each_node_serves_each_push_once_and_not_before_it_was_pushed() -> None:
    model = Model(Fleet(300, c.ROUND_TRIPS_S[:3], SIZE), 1)
    model.run([0.0, 30.0])
    assert len(model.clusters) == 3
    for cluster in model.clusters:
        assert sum(cpu.served for cpu in cluster.cpus) == sum(net.served for net in cluster.networks) == 2 * 300
        assert [len(late) for late in model.latencies(cluster)] == [300, 300]
        assert all(0 < one < 30 for late in model.latencies(cluster) for one in late)


def test_a_burst_ends_with_its_last_push_on_all_nodes() -> None:
    model = Model(Fleet(50, NEAR, SIZE), 1)
    model.run([0.3 * number for number in range(200)])
    (cluster,) = model.clusters
    assert len(cluster.seen) < 200, "Flux skipped some"
    assert max(cluster.seen) == 199
    assert all(one < math.inf for late in model.latencies(cluster) for one in late)


def test_one_node_takes_the_sum_of_its_steps() -> None:
    model = Model(Fleet(1, NEAR, SIZE), 3)
    model.run([30.0 * number for number in range(3000)])
    late = [one for push in model.latencies(model.clusters[0]) for one in push]
    steps = (c.COMMIT, c.HINT, c.FETCH, c.APPLY, c.NETWORK, c.NETWORK, c.SPOOL, c.RELAY)
    fixed = c.FETCH_TRIPS.value * NEAR[0] + NEAR[0] / 2 + c.SYNC_QUIET.value + path.event_cpu(SIZE)
    fixed += path.event_bytes(SIZE) / c.BANDWIDTH.value
    assert statistics.fmean(late) == pytest.approx(sum(map(mean, steps)) + fixed, rel=0.03)


def test_the_last_of_many_nodes_waits_for_what_all_of_them_cost() -> None:
    """1 MiB by source-controller's network: no node is quicker than its share of the bytes."""
    nodes = 3000
    model = Model(Fleet(nodes, NEAR, c.MIB), 1)
    model.run([0.0])
    late = sorted(model.latencies(model.clusters[0])[0])
    assert late[-1] - late[0] == pytest.approx(nodes * c.MIB / c.BANDWIDTH.value, rel=0.1)


def test_the_utilisation_law_says_what_is_simulated() -> None:
    model = Model(Fleet(500, NEAR, SIZE), 1)
    model.run([10.0 * number for number in range(6)])
    simulated = sum(cpu.busy_s for cpu in model.clusters[0].cpus)
    assert simulated == pytest.approx(6 * 500 * path.event_cpu(SIZE))


def test_most_nodes_is_where_a_resource_is_busy_all_the_time() -> None:
    load = Load(1, 5, SIZE, 1 / 60)
    for name, nodes in capacity.most_nodes(load).items():
        assert capacity.busy(replace(load, nodes=round(nodes)))[name] == pytest.approx(1, rel=0.01)
    assert capacity.first(load)[0] != HEARTBEATS
    assert load.applied_per_s == replace(load, changes_per_s=99).applied_per_s * c.APPLY.median / 60


def test_without_jitter_all_come_at_once() -> None:
    out = herd.run(Restart(2000, 0, 10.0, LOCKSTEP, Level("roomy", 245, 2000)), 1)
    assert out.longest_accept == 2000
    assert len(out.watching_at) == 2000
    assert not out.rejected
    # All cores are busy from the moment when they come until the last one watches.
    begun = min(out.watching_at)
    work = 2000 * (c.CONNECT_CPU.value + c.LIST_CPU.value + c.WATCH_CPU.value) / c.API_CORES.value
    assert max(out.watching_at) - begun <= work
    assert out.cpu_s == pytest.approx(work * c.API_CORES.value)


def test_jitter_spreads_clients_evenly() -> None:
    """The fullest of 100 parts has little more than its hundredth: the largest of as many Poisson variables."""
    rng, clients, parts = random.Random(7), 10_000, 100
    waits = [SYNC.wait_s(30, rng) for _ in range(clients)]
    first, last = SYNC.low * SYNC.most_s, SYNC.high * SYNC.most_s
    assert first <= min(waits) <= max(waits) <= last
    fullest = max(Counter(int((wait - first) / (last - first) * parts) for wait in waits).values())
    even = clients / parts
    assert even < fullest < even + 2 * math.sqrt(2 * even * math.log(parts))


def test_a_client_that_honours_a_429_waits_as_long_as_it_says() -> None:
    rng = random.Random(1)
    assert KUBE_RS.wait_s(0, rng, told_s=8) == 8
    assert KUBE_RS.wait_s(30, rng, told_s=8) >= KUBE_RS.most_s
    assert SYNC.wait_s(0, rng, told_s=8) <= SYNC.least_s


def test_a_queue_that_is_too_short_refuses_and_all_come_through_in_the_end() -> None:
    small = Level("small", 20, 30)
    out = herd.run(Restart(1000, SIZE, 5.0, LOCKSTEP, small), 1)
    assert out.rejected
    assert out.longest_queue == 30
    assert out.retry_after_s > 1
    assert len(out.watching_at) == 1000
    assert out.requests == 2 * 1000 + out.rejected


def test_jitter_is_quicker_than_lockstep_where_the_queue_is_short() -> None:
    last = [max(herd.run(Restart(3000, SIZE, 10.0, retry), 1).watching_at) for retry in (LOCKSTEP, SYNC)]
    assert last[1] < last[0] / 2


def test_retry_after_doubles_under_refusals_and_comes_down_without() -> None:
    dropped, told = Dropped(), []
    for second in range(100):
        told += [dropped.drop(second + part / 10) for part in range(10)]
    assert sorted(set(told)) == [1, 2, 4, 8, 16, 32]
    assert told[-1] == 32
    assert [dropped.drop(second) for second in (500, 600, 700)] == [31, 30, 29]


@pytest.mark.parametrize(("listed", "seats"), [(0, 1), (100_000, 1), (256 * 1024, 3), (50_000_000, 10)])
def test_a_list_takes_seats_by_its_bytes(listed: int, seats: int) -> None:
    assert herd.list_seats(listed, 245) == seats


def test_nodes_that_poll_see_a_change_within_an_interval() -> None:
    out = pull.run(Pull(200, 10.0), 1)
    fetched = [late - c.RELAY.median for late in out.latencies]
    assert len(fetched) == 200
    assert statistics.fmean(fetched) == pytest.approx(5.0, rel=0.15)
    assert max(fetched) < 11.5


def test_hinted_nodes_are_spread_so_that_the_git_host_gets_no_more_than_it_can_take() -> None:
    out = pull.run(Pull(MAX_WAITING, 1.0, 1), 1)
    assert max(out.latencies) == pytest.approx(MAX_WAITING / FETCHES_S, rel=0.25)
    assert out.requests_per_s == pytest.approx(2 * FETCHES_S, rel=0.25)


def test_nodes_without_room_at_a_control_plane_poll() -> None:
    assert Pull(MAX_WAITING + 10, 1.0, 1).hinted == MAX_WAITING
    assert Pull(10, 1.0, 1).hinted == 10
    assert Pull(10, 1.0).hinted == 0


def test_the_same_seed_gives_the_same_figures() -> None:
    def figures(seed: int) -> list[list[float]]:
        model = Model(Fleet(20, NEAR, SIZE), seed)
        model.run([0.0])
        return [*model.latencies(model.clusters[0]), herd.run(Restart(50, SIZE, 3.0, SYNC), seed).watching_at]

    assert figures(1) == figures(1)
    assert figures(1) != figures(2)


def test_each_constant_has_a_source() -> None:
    constants = [one for one in vars(c).values() if isinstance(one, c.Constant | c.Delay)]
    assert len(constants) > 30
    assert all(one.source and "TODO" not in one.source for one in constants)
    assert all(one.median < one.p99 for one in constants if isinstance(one, c.Delay))


def test_the_page_has_each_constant_and_its_source() -> None:
    page = (ROOT / "docs" / "scale.md").read_text().replace("`", "")
    for one in vars(c).values():
        if isinstance(one, c.Constant | c.Delay):
            assert re.search(rf"^\| {re.escape(one.name)} \| .* \| {re.escape(one.source)} \|$", page, re.MULTILINE), (
                one
            )


def test_the_bench_tells_all_that_it_found(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    found, length = scale.Found(), scale.Length(100, 1, 1, (100, 200), (20, 50), 200)
    for _, step in scale.steps(found, length):
        step()
    rows = scale.rows(found, length.nodes)
    assert {row.unit for row in rows} >= {"s", "%", "1/s", "MB/s", "nodes"}
    assert all(math.isfinite(row.value) for row in rows)
    assert scale.draw(tmp_path / "scale.json", found, length.nodes) == ""
    drawn = {file.stem for file in tmp_path.glob("*.svg")}
    assert drawn == {file.stem for file in tmp_path.glob("*.png")}
    assert {"scale-propagation", "scale-herd", "scale-watch", "scale-limits", "scale-pull"} <= drawn
