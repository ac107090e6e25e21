"""What each step of the model costs, and where that figure comes from. Seconds, bytes and core-seconds throughout.

A source is one of three: a bench of this repository by its command, a public document or source file, or "assumed",
which is the size of a machine or a distance that the reader replaces by their own.
"""

from __future__ import annotations

import math
import random
from dataclasses import dataclass

from configedge.control import fleet, pacing


@dataclass(frozen=True)
class Constant:
    name: str
    value: float
    unit: str
    source: str


@dataclass(frozen=True)
class Delay:
    """A time that varies: log-normal by its median and its 99th percentile, in seconds."""

    name: str
    median: float
    p99: float
    source: str

    def sample(self, rng: random.Random) -> float:
        return rng.lognormvariate(math.log(self.median), math.log(self.p99 / self.median) / _P99)


# The 99th percentile of the standard normal distribution.
_P99 = 2.3263
KIB, MIB = 1024, 1024 * 1024

API = "python -m benches.scaling.apiserver"
PROBE = "python -m benches.scaling.probe"
FLUX = "python -m benches.flux"

# A push and Flux.
COMMIT = Delay("PUT until its reply, one writer", 0.0132, 0.0208, "python -m benches.control, README")
HINT = Delay(
    "control plane to Receiver to GitRepository", 0.05, 0.2, FLUX + ": 563 ms with the next, split and p99 assumed"
)
FETCH = Delay(
    "source-controller: fetch, verify, archive", 0.5, 1.2, FLUX + ": 563 ms with the last, split and p99 assumed"
)
APPLY = Delay("kustomize-controller: build and apply", 0.6, 1.5, FLUX + ": 557 ms, p99 assumed")
FETCH_TRIPS = Constant("round trips of a fetch to the Git host", 5, "", "TCP, TLS 1.3, and two or three HTTP requests")

# API server: kube-apiserver 1.36.3, JSON over HTTP/1.1 and TLS, as kube-rs has it.
EVENT_CPU = Constant("a watch event to one watcher", 40e-6, "core-s", API)
EVENT_CPU_BYTE = Constant("and for each byte of it", 1.0e-9, "core-s", API)
EVENT_BYTES = Constant("a watch event, beside the bundle in it", 490, "bytes", API)
CONNECT_CPU = Constant("a new connection, and who that is", 2.3e-3, "core-s", API)
LIST_CPU = Constant("a list", 0.8e-3, "core-s", API)
LIST_CPU_BYTE = Constant("and for each byte of the bundles in it", 18e-9, "core-s", API)
WATCH_CPU = Constant("a watch begins", 0.5e-3, "core-s", API)
REJECT_CPU = Constant("a request is refused", 0.3e-3, "core-s", API + ", for a 401")
WATCH_MEMORY = Constant("a connection that watches", 132 * KIB, "bytes", API + ": 66 KiB, twice for Go's collector")
WATCH_S = Constant("a watch lasts, on average", 235, "s", "rust/sync/src/follow.rs: 180 to 290 s")
BOOKMARK_S = Constant("between two bookmarks", 60, "s", "k8s.io/apiserver 0.36: cacher.go, defaultBookmarkFrequency")

# Priority and fairness; k8s.io/apiserver 0.36, with kube-apiserver's default flags.
SEATS = Constant(
    "seats of workload-low, where service accounts are", 245, "",
    "ceil(600 x 100 / 245): --max-requests-inflight 400 and 200, bootstrap/default.go",
)  # fmt: skip
HAND = Constant("queues that one user's requests may wait in", 6, "", "bootstrap/default.go, handSize")
QUEUE = Constant("requests that wait in a queue, at most", 50, "", "bootstrap/default.go, queueLengthLimit")
BYTES_PER_SEAT = Constant("bytes of a list that take a seat", 100_000, "", "list_work_estimator.go, bytesPerSeat")
LIST_BYTES_COUNTED = Constant("bytes of a list that count", 1_000_000, "", "list_work_estimator.go, streaming")
WAIT_S = Constant("a request waits in its queue, at most", 15, "s", "--request-timeout 60 s / 4, config.go")
RETRY_AFTER_MOST = Constant("Retry-After of a 429, at most", 32, "s", "dropped_requests_tracker.go, maxRetryAfter")

# A node.
SYNC_QUIET = Constant("sync kube waits until a burst is over", 0.05, "s", "rust/sync/src/pace.rs, QUIET")
SYNC_SPREAD = Constant("and before it fetches an artifact, at most", 0.2, "s", "rust/sync/src/artifact.rs, SPREAD")
SYNC_LEAST = Constant("sync kube tries again after, at first", 0.2, "s", "rust/sync/src/backoff.rs, FIRST")
SYNC_MOST = Constant("and at most", 2, "s", "rust/sync/src/backoff.rs, LONGEST")
SYNC_JITTER = Constant("least part of that pause; the rest is by chance", 0.25, "", "rust/sync/src/backoff.rs, pause")
SYNC_ANSWER = Constant("sync kube waits for an answer, at most", 10, "s", "rust/sync/src/client.rs, ANSWER")
KUBE_LEAST = Constant("kube-rs tries again after, at first", 0.8, "s", "kube-runtime 5.0, watcher::DefaultBackoff")
KUBE_MOST = Constant("and at most, each and up to as much again", 30, "s", "kube-runtime 5.0, watcher::DefaultBackoff")
SPOOL = Delay("the spool is written", 0.0029, 0.008, "python -m benches.propagation, README: export; its p99 assumed")
RELAY = Delay(
    "a file changed until a reader has it, with 20 ms of quiet", 0.025, 0.028, "python -m benches.relay, README"
)
HEARTBEAT_S = Constant(
    "between two heartbeats of a node, at least", fleet.INTERVAL_S, "s", "control/fleet.py, INTERVAL_S"
)
HEARTBEAT_MOST_S = Constant("and at most, in a large fleet", pacing.LONGEST_S, "s", "control/pacing.py, LONGEST_S")
HEARTBEATS = Constant(
    "heartbeats that a control plane asks for", pacing.HEARTBEATS_S, "1/s", "control/pacing.py, HEARTBEATS_S"
)

# Control plane and Git host.
HEARTBEAT_CPU = Constant("control plane: a heartbeat", 1.8e-3, "core-s", PROBE)
HINT_CPU = Constant("control plane: a hint to one node", 0.17e-3, "core-s", PROBE)
LOOK_CPU = Constant("Git host: a look that finds nothing", 6.8e-3, "core-s", PROBE)
PACK_CPU = Constant("Git host: the pack of one commit", 10.7e-3, "core-s", PROBE)
POLL_S = Constant("between two looks of sync git", 1.0, "s", "configedge sync git --interval, its default")

# Machines and distances.
API_SERVERS = Constant("API servers of a cluster", 3, "", "assumed")
API_CORES = Constant("cores of an API server", 8, "", "assumed")
API_MEMORY = Constant("memory of an API server", 32 * 1024 * MIB, "bytes", "assumed")
BANDWIDTH = Constant("network of an API server, and of source-controller", 1.25e9, "bytes/s", "assumed: 10 Gbit/s")
GIT_CORES = Constant("cores of the Git host", 16, "", "assumed")
CONTROL_CORES = Constant("cores that a control plane can use", 1, "", "one Python process")
NETWORK = Delay("one way within a cluster", 0.0003, 0.002, "assumed")
ROUND_TRIPS_S = (0.001, 0.02, 0.08, 0.15, 0.22)
"""Assumed: from the Git host and the control plane to each of five clusters, in five parts of the world."""
