"""The real engine in real processes, all of which die or freeze in turn while players come, ask and cancel."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from pathlib import Path

import pytest

from matchmaker.fleet import Doubtful
from matchmaker.fleet.jetstream import JetStreamLog
from tests.support.broker import Broker, broker, cluster, small_disk
from tests.support.fleet_drill import drill, until


@pytest.mark.timeout(300)
async def test_nothing_is_lost_or_doubled_and_every_answer_fits(tmp_path: Path) -> None:
    names = ("ann", "bob", "cat")
    with broker(tmp_path) as own:
        async with drill([own.url], tmp_path, names) as it:
            follower = it.follower
            killed = next(name for name in names if follower.of(name))
            it.fleet[killed].process.kill()
            await until("the partitions of a killed owner have another", lambda: not follower.of(killed))
            await follower.progress("an owner was killed")

            frozen = next(name for name in names if follower.of(name))
            it.fleet[frozen].process.send_signal(signal.SIGSTOP)
            await until("the partitions of a frozen owner have another", lambda: not follower.of(frozen))
            it.fleet[frozen].process.send_signal(signal.SIGCONT)
            await follower.progress("an owner was frozen beyond its leases and came back")

            own.kill()
            own.start()
            await follower.progress("the broker was killed and started")

            own.freeze()
            await asyncio.sleep(3)
            own.thaw()
            await follower.progress("the broker was frozen for 3 s")
            await it.judge([killed])
            assert it.players.unanswered, "no fault was noticed by the players: the drill was none"


@pytest.mark.timeout(300)
async def test_partitions_are_handed_over_under_load(tmp_path: Path) -> None:
    names = ("ann", "bob")
    with broker(tmp_path) as own:
        async with drill([own.url], tmp_path, names) as it:
            leaver = next(name for name in names if it.follower.of(name))
            it.fleet[leaver].process.send_signal(signal.SIGTERM)
            await until("a member that stops has handed over", lambda: not it.follower.of(leaver))
            await it.follower.progress("a hand-over")
            await it.judge()


@pytest.mark.timeout(300)
async def test_with_three_brokers_the_leader_of_either_log_may_die(tmp_path: Path) -> None:
    with cluster(tmp_path) as brokers:
        urls = [one.url for one in brokers.values()]
        async with drill(urls, tmp_path, ("ann", "bob"), replicas=3) as it:
            for stream in ("matchmaker_OUT", "matchmaker_IN"):
                await whole(it.log)
                leader, _ = await it.log.replicas(stream)
                brokers[leader].kill()
                await it.follower.progress(f"the broker died that leads {stream}")
                brokers[leader].start()
                await it.follower.progress("it came back")
            await it.judge()


@pytest.mark.timeout(300)
async def test_a_broker_whose_disk_was_full_has_lost_nothing(tmp_path: Path) -> None:
    disk = tmp_path / "broker"
    disk.mkdir()
    try:
        small = small_disk(disk, "64m")
        within, outside = small.__enter__()
    except PermissionError as error:
        pytest.skip(str(error))
    own = Broker(disk, within=within, log=tmp_path / "broker.log")
    try:
        own.start()
        async with drill([own.url], tmp_path, ("ann", "bob")) as it:
            ballast = outside / "ballast"
            fill(ballast)
            before = it.edge.front.outbox.retries
            await until("appends are refused", lambda: it.edge.front.outbox.retries > before + 10)
            ballast.unlink()
            # JetStream turns itself off when its disk is full, until it is started again.
            own.kill()
            own.start()
            await it.follower.progress("the disk was full")
            await it.judge()
    finally:
        own.kill()
        small.__exit__(None, None, None)


async def whole(log: JetStreamLog) -> None:
    """Until every broker has what the leaders have: before that, losing one more is losing two."""
    async with asyncio.timeout(90):
        for stream in ("matchmaker_IN", "matchmaker_OUT", "KV_matchmaker-own"):
            while True:
                with contextlib.suppress(Doubtful):
                    leader, current = await log.replicas(stream)
                    if leader and current:
                        break
                await asyncio.sleep(0.2)


def fill(path: Path) -> None:
    with path.open("wb", buffering=0) as file:
        for size in (1 << 20, 4096, 1):
            try:
                while True:
                    file.write(b"x" * size)
            except OSError:
                continue
