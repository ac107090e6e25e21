"""What nodes say of themselves: heartbeats, where they are kept, and what follows from them.

For operators' eyes only. Nothing that serves configuration reads it, and all of it may be away.
"""

from __future__ import annotations

import bisect
import math
import re
import threading
import time
from array import array
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, fields
from typing import Any, Final, Protocol
from urllib.parse import urlsplit

from configedge.bundle import BundleError, Problem, dump_json, load_json

MAX_BODY: Final = 16 << 10
"""Bytes that a heartbeat may have."""
MAX_PROBLEMS: Final = 20
MAX_PROBLEM: Final = 300
"""Characters of one problem."""
MAX_NODES: Final = 50_000
INTERVAL_S: Final = 5.0
"""Seconds between two heartbeats of a node that was told nothing else."""
LOST_AFTER: Final = 3
"""A node is lost when so many heartbeats did not come."""
LOST_S: Final = LOST_AFTER * INTERVAL_S
"""... which is when it is silent for longer than this, or than it was told itself, so many times."""
FORGET_S: Final = 24 * 3600.0
STATES: Final = ("empty", "ok", "degraded", "held", "silent")
"""The relay's own states, and `silent`: the node answers, its relay does not."""

Clock = Callable[[], float]

_FILE = "heartbeat"
_TEXTS: Final = {
    "node": (re.compile(r"[A-Za-z0-9._-]{1,253}", re.ASCII), "give 1 to 253 of A-Z a-z 0-9 . _ -"),
    "environment": (re.compile(r"([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)?", re.ASCII), "give its name, or an empty text"),
    "region": (re.compile(r"([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)?", re.ASCII), "give its name, or an empty text"),
    "commit": (re.compile(r"([0-9a-f]{40}|[0-9a-f]{64})?", re.ASCII), "give 40 or 64 hexadecimal digits, or nothing"),
    "state": (re.compile("|".join(STATES)), f"give one of {', '.join(STATES)}"),
    "version": (re.compile(r"[A-Za-z0-9.+_-]{0,64}", re.ASCII), "give at most 64 of A-Z a-z 0-9 . + _ -"),
}
_OPTIONAL: Final = {"environment": "", "region": "", "problems": []}
# The year 5138; beyond it a time is in another unit.
_LAST_TIME: Final = 1e11


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """What one node says of itself. Times are Unix seconds."""

    node: str
    environment: str
    region: str
    generation: int
    commit: str
    """Hexadecimal; empty if the node was not told."""
    state: str
    """One of STATES."""
    problems: tuple[str, ...]
    """At most MAX_PROBLEMS lines. No value of the configuration belongs in them."""
    published_at: float
    """When the generation was published on the node, by its clock; 0 if nothing was."""
    sent_at: float
    version: str
    """Of the node's relay."""
    received_at: float = 0.0
    """By the clock of whoever received it; not a part of what is sent, as the next."""
    next_s: float = INTERVAL_S
    """The node was told to send the next one after so many seconds."""

    @classmethod
    def read(cls, body: bytes, received_at: float) -> Heartbeat:
        """The heartbeat in a request's body, a JSON object. Raises BundleError, which names each wrong member."""
        if len(body) > MAX_BODY:
            raise BundleError(
                [_wrong("limit", "", f"it has {len(body)} bytes; the limit is {MAX_BODY}", "send fewer problems")]
            )
        return cls._of(load_json(body, _FILE), received_at, INTERVAL_S)

    @classmethod
    def kept(cls, body: bytes, received_at: float) -> Heartbeat:
        """One that `keep` gave. Raises BundleError."""
        sent = load_json(body, _FILE)
        next_s = sent.pop(_TOLD, INTERVAL_S) if isinstance(sent, dict) else INTERVAL_S
        if type(next_s) not in (int, float) or not 0 < next_s <= FORGET_S:
            raise BundleError([_wrong("value", _TOLD, f"{ascii(next_s)[:80]} is not one", "give seconds")])
        return cls._of(sent, received_at, float(next_s))

    @classmethod
    def _of(cls, sent: Any, received_at: float, next_s: float) -> Heartbeat:
        if not isinstance(sent, dict):
            raise BundleError([_wrong("type", "", "it is not a JSON object", f"send {', '.join(_SENT)}")])
        members = {**_OPTIONAL, **sent}
        if problems := list(_problems(members)):
            raise BundleError(problems)
        times = {name: float(members[name]) for name in ("published_at", "sent_at")}
        ours = {"received_at": received_at, "next_s": next_s}
        return cls(**{**members, **times, "problems": tuple(members["problems"]), **ours})

    def body(self) -> bytes:
        """As it is sent."""
        return dump_json(self._sent())

    def keep(self) -> bytes:
        """As a store has it: what was sent, and what the node was told if that is not what all are told."""
        return dump_json(self._sent() | ({_TOLD: self.next_s} if self.next_s != INTERVAL_S else {}))

    def _sent(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in _SENT}


_TOLD: Final = "next_s"
_SENT: Final = tuple(part.name for part in fields(Heartbeat) if part.name not in ("received_at", _TOLD))


def _wrong(code: str, key: str, message: str, hint: str) -> Problem:
    return Problem.of(code, message, hint, file=_FILE, key=key)


def _problems(members: dict[str, Any]) -> Iterator[Problem]:
    for name in [name for name in members if name not in _SENT][:MAX_PROBLEMS]:
        yield _wrong("unknown", ascii(name)[:80], "there is no such member", f"leave it out; there are {_MEMBERS}")
    for name in _SENT:
        if name not in members:
            yield _wrong("missing", name, "it is missing", f"send {_MEMBERS}")
            continue
        value = members[name]
        if name in _TEXTS:
            form, hint = _TEXTS[name]
            if not isinstance(value, str) or not form.fullmatch(value):
                yield _wrong("value", name, f"{ascii(value)[:80]} is not one", hint)
        elif name == "generation":
            if type(value) is not int or not 0 <= value < 1 << 64:
                yield _wrong("value", name, f"{ascii(value)[:80]} is not one", "give an integer of 64 bits")
        elif name == "problems":
            yield from _wrong_lines(value)
        elif type(value) not in (int, float) or not 0 <= value <= _LAST_TIME:
            yield _wrong("value", name, f"{ascii(value)[:80]} is not a time", "give seconds since the Unix epoch")


def _wrong_lines(lines: Any) -> Iterator[Problem]:
    if not isinstance(lines, list) or len(lines) > MAX_PROBLEMS:
        yield _wrong("value", "problems", "they are no list, or too many", f"send a list of at most {MAX_PROBLEMS}")
        return
    for number, line in enumerate(lines):
        # Not printable is also what could move the cursor of an operator's terminal.
        if not isinstance(line, str) or len(line) > MAX_PROBLEM or not line.isprintable():
            hint = f"send one line of at most {MAX_PROBLEM} printable characters"
            yield _wrong("value", f"problems.{number}", "it is no such text", hint)


_MEMBERS: Final = ", ".join(_SENT)


@dataclass(frozen=True, slots=True)
class NodeState:
    """A node's last heartbeat, looked at now."""

    heartbeat: Heartbeat
    age_s: float
    lost: bool

    @classmethod
    def of(cls, heartbeat: Heartbeat, now: float) -> NodeState:
        age = max(0.0, now - heartbeat.received_at)
        return cls(heartbeat, age, age > LOST_AFTER * heartbeat.next_s)

    def as_dict(self) -> dict[str, Any]:
        return {**asdict(self.heartbeat), "age_s": round(self.age_s, 3), "lost": self.lost}


def longest_interval_s(nodes: Iterable[NodeState]) -> float:
    """The most seconds that one of those that answer was told to wait between heartbeats; INTERVAL_S without any."""
    return max((state.heartbeat.next_s for state in nodes if not state.lost), default=INTERVAL_S)


class FleetUnavailable(Exception):
    """What nodes said cannot be read or kept now. One line, says what to do; has no credential in it."""


class Fleet(Protocol):
    """The last heartbeat of each node. Safe to call from any thread; may block for as long as its store does."""

    def report(self, heartbeat: Heartbeat) -> None:
        """Keeps it in place of the node's last one. Raises FleetUnavailable."""

    def nodes(self) -> list[NodeState]:
        """All nodes that are not forgotten, by name. Raises FleetUnavailable."""

    def close(self) -> None: ...


def open_fleet(url: str | None) -> Fleet:
    """The fleet in Redis at the URL; None: in the memory of this process. Raises ValueError; connects later."""
    return MemoryFleet() if url is None else RedisFleet(url)


class MemoryFleet:
    """A fleet that ends with the process. Nodes fill it again within seconds."""

    def __init__(self, clock: Clock = time.time, most: int = MAX_NODES) -> None:
        self._clock = clock
        self._most = most
        self._lock = threading.Lock()
        # By the time of the last heartbeat, oldest first.
        self._last: dict[str, Heartbeat] = {}

    def report(self, heartbeat: Heartbeat) -> None:
        with self._lock:
            self._last.pop(heartbeat.node, None)
            self._last[heartbeat.node] = heartbeat
            if len(self._last) > self._most:
                del self._last[next(iter(self._last))]

    def nodes(self) -> list[NodeState]:
        now = self._clock()
        with self._lock:
            for node in [name for name, last in self._last.items() if now - last.received_at > FORGET_S]:
                del self._last[node]
            last = list(self._last.values())
        return sorted((NodeState.of(one, now) for one in last), key=lambda state: state.heartbeat.node)

    def close(self) -> None:
        """Forgets all."""
        with self._lock:
            self._last.clear()


class RedisFleet:
    """A fleet that control planes share: a key a node, which expires, and a sorted set of names by time.

    Raises ValueError for a URL that is not `redis://`, `rediss://` or `unix://`. A Redis that does not answer costs a
    caller two seconds at most, and is then left alone for two: callers are told at once.
    """

    _TIMEOUT_S = 1.0
    _PAUSE_S = 2.0
    _INDEX = "configedge:nodes"
    _CHUNK = 1_000

    def __init__(self, url: str, clock: Clock = time.time, most: int = MAX_NODES) -> None:
        # A message about a URL must not repeat it: a password that is not quoted can be in any part.
        try:
            parts = urlsplit(url)
            local, where = parts.scheme == "unix", f"{parts.hostname}:{parts.port or 6379}"
            usable = parts.path if local else parts.scheme in ("redis", "rediss") and parts.hostname
        except ValueError:
            usable = None
        if not usable:
            raise ValueError(
                "the fleet store is no URL of a Redis; give redis://HOST:PORT/DB, rediss://... or unix:///PATH, "
                "with a password percent-encoded"
            )
        self._address = parts.path if local else where
        try:
            from redis import Redis, RedisError
            from redis.backoff import NoBackoff
            from redis.exceptions import ConnectionError as Lost
            from redis.retry import Retry
        except ImportError:
            raise ValueError("a fleet store in Redis needs a package: pip install 'configedge[redis]'") from None
        self._errors: tuple[type[Exception], ...] = (RedisError, OSError)
        self._clock = clock
        self._most = most
        self._away_until = 0.0
        self._why = ""
        try:
            # Its own types say what any command may give, not what these do.
            self._redis: Any = Redis.from_url(
                url,
                socket_timeout=self._TIMEOUT_S,
                socket_connect_timeout=self._TIMEOUT_S,
                # Once more at once: a connection from before a restart of Redis is found dead only by its use.
                retry=Retry(NoBackoff(), 1, supported_errors=(Lost,)),
            )
            # Unknown options would come to light at the first use only.
            self._redis.connection_pool.connection_class(**self._redis.connection_pool.connection_kwargs)
        except (ValueError, TypeError):
            raise ValueError(f"the URL of the fleet store at {self._address} has an unusable option") from None

    def report(self, heartbeat: Heartbeat) -> None:
        node, at = heartbeat.node, heartbeat.received_at
        with self._asking(), self._redis.pipeline() as pipe:
            pipe.set(self._key(node), heartbeat.keep(), ex=int(FORGET_S))
            pipe.zadd(self._INDEX, {node: at})
            pipe.zremrangebyscore(self._INDEX, "-inf", at - FORGET_S)
            pipe.zcard(self._INDEX)
            if (over := pipe.execute()[-1] - self._most) > 0:
                pipe.delete(*(self._key(name.decode()) for name, _ in self._redis.zpopmin(self._INDEX, over)))
                pipe.execute()

    def nodes(self) -> list[NodeState]:
        now = self._clock()
        found: list[NodeState] = []
        with self._asking():
            index = self._redis.zrangebyscore(self._INDEX, now - FORGET_S, "+inf", withscores=True)
            for start in range(0, len(index), self._CHUNK):
                part = index[start : start + self._CHUNK]
                bodies = self._redis.mget([self._key(name.decode()) for name, _ in part])
                for (_, at), body in zip(part, bodies, strict=True):
                    # Gone since, or written by a control plane of another version.
                    if body is not None and (heartbeat := _readable(body, at)):
                        found.append(NodeState.of(heartbeat, now))
        return sorted(found, key=lambda state: state.heartbeat.node)

    def close(self) -> None:
        self._redis.close()

    @staticmethod
    def _key(node: str) -> str:
        return f"configedge:node:{node}"

    @contextmanager
    def _asking(self) -> Iterator[None]:
        if time.monotonic() < self._away_until:
            raise self._unavailable()
        try:
            yield
        except self._errors as error:
            self._why = type(error).__name__
            self._away_until = time.monotonic() + self._PAUSE_S
            raise self._unavailable() from None

    def _unavailable(self) -> FleetUnavailable:
        return FleetUnavailable(
            f"the fleet store at {self._address} does not answer ({self._why}); start it or correct --fleet-store; "
            "nodes are served all the same"
        )


def _readable(body: bytes, received_at: float) -> Heartbeat | None:
    try:
        return Heartbeat.kept(body, received_at)
    except BundleError:
        return None


def summary(
    nodes: Iterable[NodeState],
    tip: str,
    committed_at: Callable[[str], float | None],
    missed_since: Callable[[str], float | None] = lambda commit: None,
    now: float | None = None,
) -> dict[str, Any]:
    """The fleet in numbers. `ready`, `behind` and `lost` add up to `total`.

    Ready is a node that serves all of the tip; behind, one that answers and does not. `commits` counts the nodes that
    answer by what they serve, most first. `worst_lag_s` is how long the worst of them has been without the tip, 0 if
    all have it, None if nobody knows: since what `missed_since` says of the commit that it serves (see
    `Propagation.missed_since`), else since `committed_at` of the tip. `next_s` is what `longest_interval_s` gives.
    """
    now = time.time() if now is None else now
    nodes = list(nodes)
    alive = [state.heartbeat for state in nodes if not state.lost]
    ready = sum(one.commit == tip and one.state in ("ok", "held") for one in alive)
    commits = dict(Counter(one.commit for one in alive).most_common())
    since = [missed_since(commit) or committed_at(tip) for commit in commits if commit != tip]
    known = [at for at in since if at is not None]
    return {
        "total": len(nodes),
        "ready": ready,
        "behind": len(alive) - ready,
        "lost": len(nodes) - len(alive),
        "commits": commits,
        "worst_lag_s": max(0.0, now - min(known)) if known else None if since else 0.0,
        "next_s": longest_interval_s(nodes),
    }


@dataclass(slots=True)
class _Push:
    commit: str
    at: float
    position: int
    told_at: float
    served: array[float] = field(default_factory=lambda: array("d"))
    """Seconds until each node had it, sorted."""


@dataclass(slots=True)
class _Node:
    position: int = -1
    """Of the newest commit that it ever served."""
    joined_at: float = -math.inf
    """When it was first heard, or heard again after it was lost."""
    seen_at: float = -math.inf
    lost_s: float = LOST_S
    """It is lost when it is silent for longer."""


class Propagation:
    """How long the last commits took to reach the nodes. Safe to call from any thread; does no I/O.

    A commit has reached a node that serves it or a later one. Those that count for a commit are the nodes that were
    there when it was made, or came before one of them would be lost: a machine that starts an hour later was not an
    hour late. A node that had the commit counts for ever; one that is lost before it had it counts no more.
    """

    def __init__(self, clock: Clock = time.time, keep: int = 50) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._pushes: deque[_Push] = deque(maxlen=keep)
        # By the time of the last report, oldest first.
        self._nodes: dict[str, _Node] = {}

    def committed(self, commit: str, at: float, position: int) -> None:
        """Tells of a commit as it comes: when it was made (Unix seconds), and a number that grows along main.

        One that is not above the newest is passed over, so that it may be told twice.
        """
        with self._lock:
            if not self._pushes or position > self._pushes[-1].position:
                self._pushes.append(_Push(commit, at, position, self._clock()))

    def reported(self, node: str, commit: str, published_at: float, next_s: float = INTERVAL_S) -> None:
        """Tells what a node serves now, since when, and when it tells more. A commit that is not among the last ones
        says it is alive."""
        now = self._clock()
        with self._lock:
            known = self._nodes.pop(node, None) or _Node()
            if now - known.seen_at > known.lost_s:
                known.joined_at = now
            known.seen_at, known.lost_s = now, LOST_AFTER * next_s
            self._nodes[node] = known
            if len(self._nodes) > MAX_NODES:
                del self._nodes[next(iter(self._nodes))]
            position = next((push.position for push in reversed(self._pushes) if push.commit == commit), -1)
            if position > known.position:
                for push in self._newer(known):
                    if push.position <= position and _counts(known, push):
                        # Its clock may be wrong, but it had the commit after that was made, and before it said so.
                        bisect.insort(push.served, max(0.0, min(published_at, now) - push.at))
                known.position = position

    def missed_since(self, commit: str) -> float | None:
        """When the oldest commit was made that a node lacks which serves this one; None if that is not known."""
        with self._lock:
            since = None
            for push in reversed(self._pushes):
                if push.commit == commit:
                    return since
                since = push.at
        return None

    def rows(self) -> list[dict[str, Any]]:
        """The last commits, newest first: commit, at, position; how many nodes count, and how many of them had it;
        seconds until the first, half and all of them had it, None if that is still to come."""
        now = self._clock()
        with self._lock:
            missing = Counter[int]()
            for node in self._nodes.values():
                if now - node.seen_at <= node.lost_s:
                    missing.update(push.position for push in self._newer(node) if _counts(node, push))
            return [self._row(push, missing[push.position]) for push in reversed(self._pushes)]

    def _newer(self, node: _Node) -> Iterator[_Push]:
        """The pushes that the node never had, newest first."""
        for push in reversed(self._pushes):
            if push.position <= node.position:
                return
            yield push

    @staticmethod
    def _row(push: _Push, missing: int) -> dict[str, Any]:
        served = len(push.served)
        half = (served + missing + 1) // 2
        return {
            "commit": push.commit,
            "at": push.at,
            "position": push.position,
            "nodes": served + missing,
            "served": served,
            "first_s": push.served[0] if served else None,
            "half_s": push.served[half - 1] if served and served >= half else None,
            "all_s": push.served[-1] if served and not missing else None,
        }


def _counts(node: _Node, push: _Push) -> bool:
    return node.joined_at <= push.told_at + node.lost_s
