"""`configedge demo`: three real processes, real traffic, and a change that travels through all of it.

Everything shown is measured as it happens. Every claim is checked; one that does not hold makes the exit code 1.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2

from configedge.cli import example
from configedge.cli.demo_view import LiveView, PlainView, View
from configedge.cli.processes import ProcessError, Service, memory_directory, start_control, start_relay, stop_all

MOVED = "eu-central-1"
NEW_WEIGHT = 3.0
# The relay's promise without any event: it looks at everything every 5 s. Events make it milliseconds.
_VISIBLE_WITHIN_S = 5.0


@dataclass
class Claims:
    """What the demo promised, and whether it held."""

    held: list[tuple[str, bool]] = field(default_factory=list)

    def check(self, claim: str, holds: bool) -> bool:
        self.held.append((claim, holds))
        return holds


class Traffic:
    """Players over real sockets, in a process of their own; `now` is its newest report."""

    def __init__(self, url: str, rate: float, log: Path) -> None:
        options = ["--url", url, "--rate", str(rate), "--seconds", "3600", "--jsonl"]
        self.service = Service("players", [sys.executable, "-m", "matchmaker.load", *options], log)
        self.now: dict[str, Any] = {"assigned": 0, "errors": 0, "by_region": {}, "first_seen": {}, "generation": 0}
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        assert self.service.process.stdout is not None
        for line in self.service.process.stdout:
            self.now = json.loads(line)

    def first_decision_ns(self, commit: str) -> int | None:
        """When the first assignment under `commit` was decided, on the clock that all processes share."""
        for seen in list(self.now["first_seen"].values()):
            if seen["commit"] == commit:
                decided: int = seen["decided_monotonic_ns"]
                return decided
        return None

    def share(self) -> float:
        share: float = self.now["by_region"].get(MOVED, 0.0)
        return share


def main(argv: list[str]) -> int:
    """Runs the demo; 0 if every claim held, 1 if one did not, 2 if it could not start."""
    parser = argparse.ArgumentParser(prog="configedge demo", description="A change, from a REST call to a matchmaker.")
    parser.add_argument("--plain", action="store_true", help="log lines instead of a live view")
    parser.add_argument("--rate", type=float, default=500, help="players a second [%(default)s]")
    options = parser.parse_args(argv)
    view: View = PlainView() if options.plain or not sys.stdout.isatty() else LiveView()
    claims = Claims()
    try:
        with _world(options.rate, view) as world, view:
            _play(world, view, claims)
    except (OSError, ProcessError, httpx2.HTTPError) as error:
        print(f"configedge demo: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130
    view.summary(claims.held, world.traffic.now)
    return 0 if claims.held and all(holds for _, holds in claims.held) else 1


@dataclass
class World:
    control: Service
    relay: Service
    client: httpx2.Client
    traffic: Traffic


@contextmanager
def _world(rate: float, view: View) -> Iterator[World]:
    """Control plane, relay, matchmaker and players; all gone at the end."""
    root = Path(tempfile.mkdtemp(prefix="configedge-demo-"))
    snapshots = Path(tempfile.mkdtemp(prefix="configedge-demo-", dir=memory_directory()))
    services: list[Service] = []
    try:
        view.event("starting the control plane, the relay and the matchmaker")
        control = start_control(root / "repo.git", root / "spool", 0, root / "control.log")
        services.append(control)
        client = httpx2.Client(base_url=control.ready()["url"], timeout=10)
        example.push_if_empty(client, root / "repo.git")
        relay = start_relay(root / "spool", snapshots, root / "relay.log")
        services.append(relay)
        relay.ready()
        command = [sys.executable, "-m", "matchmaker", "--config", str(snapshots), "--port", "0"]
        matchmaker = Service("matchmaker", command, root / "matchmaker.log")
        services.append(matchmaker)
        traffic = Traffic(matchmaker.ready()["url"], rate, root / "players.log")
        services.append(traffic.service)
        yield World(control, relay, client, traffic)
        client.close()
    finally:
        stop_all(services)
        shutil.rmtree(root, ignore_errors=True)
        shutil.rmtree(snapshots, ignore_errors=True)


def _play(world: World, view: View, claims: Claims) -> None:
    view.event("players arrive; each goes where round-trip time x weight is least")
    _watch(world, view, 6.0)
    if not claims.check("players are being matched", world.traffic.now["assigned"] > 0):
        raise ProcessError(f"no player was matched: {world.traffic.service.last_words()}")
    _change_weight(world, view, claims)
    _push_broken(world, view, claims)
    _kill_everything_else(world, view, claims)


def _change_weight(world: World, view: View, claims: Claims) -> None:
    before = world.traffic.share()
    patch = {"spec": {"values": {"regions": {MOVED: {"weight": NEW_WEIGHT}}}}}
    reply = _patch(world.client, patch)
    replied_ns = time.monotonic_ns()
    commit = reply.raise_for_status().json()["commit"]
    view.event(f"PATCH: weight of {MOVED} 1.0 -> {NEW_WEIGHT}; commit {commit[:12]}")

    deadline = time.monotonic() + _VISIBLE_WITHIN_S + 1
    while (decided_ns := world.traffic.first_decision_ns(commit)) is None and time.monotonic() < deadline:
        _watch(world, view, 0.1)
    seconds = (decided_ns - replied_ns) / 1e9 if decided_ns else float("inf")
    claim = f"the first assignment under the new commit was decided {seconds * 1000:.1f} ms after the HTTP reply"
    claims.check(claim, seconds <= _VISIBLE_WITHIN_S)
    view.event(claim)

    _watch(world, view, 5.0)
    after = world.traffic.share()
    claim = f"the share of {MOVED} went from {before:.0%} to {after:.0%}"
    claims.check(claim, before > 0.05 and after < before * 0.6)
    view.event(claim)


def _push_broken(world: World, view: View, claims: Claims) -> None:
    generation, commit = world.traffic.now["generation"], _tip(world.client)
    reply = _patch(world.client, {"spec": {"values": {"regions": {MOVED: {"weight": "heavy"}}}}})
    problem = (reply.json().get("problems") or [{}])[0]
    view.event(f'PATCH: weight of {MOVED} "heavy" -> HTTP {reply.status_code}: {problem.get("message", "")}')
    _watch(world, view, 3.0)
    key = f"spec.values.regions.{MOVED}.weight"
    claim = f"the broken push was refused with 422, naming {problem.get('key')}"
    claims.check(claim, reply.status_code == 422 and problem.get("key") == key)
    claims.check("and nothing changed", (world.traffic.now["generation"], _tip(world.client)) == (generation, commit))


def _kill_everything_else(world: World, view: View, claims: Claims) -> None:
    world.relay.kill()
    world.control.kill()
    view.event("kill -9: relay and control plane are gone")
    before = world.traffic.now["assigned"]
    _watch(world, view, 6.0)
    decided = world.traffic.now["assigned"] - before
    claim = f"with relay and control plane killed, {decided} more players were assigned"
    claims.check(claim, decided > 0)
    view.event(claim)
    claims.check(f"{world.traffic.now['errors']} errors", world.traffic.now["errors"] == 0)


def _patch(client: httpx2.Client, patch: dict[str, Any]) -> httpx2.Response:
    etag = client.get(example.PATH).raise_for_status().headers["etag"]
    headers = {"If-Match": etag, "Content-Type": "application/merge-patch+json"}
    return client.patch(example.PATH, content=json.dumps(patch), headers=headers)


def _tip(client: httpx2.Client) -> str:
    commit: str = client.get("/v1/history", params={"limit": 1}).raise_for_status().json()["commit"]
    return commit


def _watch(world: World, view: View, seconds: float) -> None:
    """Shows the traffic for a while."""
    deadline = time.monotonic() + seconds
    while (left := deadline - time.monotonic()) > 0:
        if not world.traffic.service.alive():
            raise ProcessError(f"the players are gone: {world.traffic.service.last_words()}")
        view.traffic(world.traffic.now)
        time.sleep(min(0.1, left))
