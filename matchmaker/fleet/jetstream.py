"""The log of a fleet: NATS JetStream. One stream for `in`, one for `out`, one bucket for leases, all in files."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncGenerator, Callable
from typing import Any

try:
    import nats.errors
    from nats.aio.client import Client
    from nats.js import JetStreamContext
    from nats.js.api import DiscardPolicy, StorageType, StreamConfig
    from nats.js.errors import APIError, NotFoundError
except ImportError as error:
    raise ImportError("the fleet mode with NATS needs nats-py: pip install 'configedge[fleet]'") from error

from matchmaker.fleet import names
from matchmaker.fleet.jetstream_lease import take
from matchmaker.fleet.jetstream_reader import Readers
from matchmaker.fleet.lease import Lease
from matchmaker.fleet.log import Doubtful, Entry, Fenced, LogError, TooLarge

log = logging.getLogger(__name__)

WRONG_LAST_SEQUENCE = (10071, 10164)
ALREADY_OTHERWISE = 10058

_HEADERS = 1024
"""Bytes that are left of the broker's largest message for ours and its headers."""


class JetStreamLog:
    """Make one with `connect`. Durable as the broker is: see docs/fleet.md on replicas and syncing."""

    def __init__(
        self,
        client: Client,
        prefix: str,
        *,
        replicas: int,
        dedupe_window: float,
        timeout: float,
        clock: Callable[[], float],
    ) -> None:
        self.dedupe_window = dedupe_window
        self.life = 0
        self._client = client
        self._prefix = prefix
        self._replicas = replicas
        self._timeout = timeout
        self._clock = clock
        self._js: JetStreamContext = client.jetstream(timeout=timeout)
        self._in = f"{prefix}_IN"
        self._out = f"{prefix}_OUT"
        self._readers = Readers(client, self._js, timeout)
        self._buckets: set[float] = set()

    @classmethod
    async def connect(
        cls,
        servers: str | list[str],
        *,
        prefix: str = "matchmaker",
        replicas: int = 1,
        dedupe_window: float = 120.0,
        timeout: float = 2.0,
        connect_timeout: float = 10.0,
        clock: Callable[[], float] = time.monotonic,
        **options: Any,
    ) -> JetStreamLog:
        """Connects and creates what is missing: streams `PREFIX_IN` and `PREFIX_OUT`, subjects `PREFIX.in.*`, `.out.*`.

        `timeout` bounds each request, in seconds; `options` go to `nats.connect` (tls, user_credentials, ...).
        Raises LogError if no broker answers within `connect_timeout`, or has such streams with other settings.
        """
        if names.encode(prefix) != prefix:
            raise LogError(f"the prefix {prefix!r} is part of subjects; use letters, digits, - and _")
        client = Client()
        self = cls(client, prefix, replicas=replicas, dedupe_window=dedupe_window, timeout=timeout, clock=clock)
        # Nothing is kept to be sent after a reconnect: what was given up must not happen later.
        # max_reconnect_attempts applies to the first connection too, so that one is bounded here.
        settings: dict[str, Any] = {
            "max_reconnect_attempts": -1,
            "reconnect_time_wait": 0.1,
            "connect_timeout": 2,
            "ping_interval": 2,
            "max_outstanding_pings": 2,
            "pending_size": 0,
            "error_cb": _note,
            "reconnected_cb": self._reconnected,
        }
        try:
            async with asyncio.timeout(connect_timeout):
                await client.connect(servers, **(settings | options))
                await self._create_streams()
        except (nats.errors.Error, OSError, TimeoutError) as error:
            await client.close()
            where = ", ".join(url.rpartition("@")[2] for url in ([servers] if isinstance(servers, str) else servers))
            raise LogError(f"no broker at {where} within {connect_timeout:g} s ({error}); is it started?") from error
        except BaseException:
            await client.close()
            raise
        return self

    @property
    def max_payload(self) -> int:
        return int(self._client.max_payload) - _HEADERS

    async def append_in(self, partition: str, message_id: str, payload: bytes) -> int:
        word = names.encode(partition)
        # The broker looks for copies in all of the stream, so the partition is part of the id.
        headers = {"Nats-Msg-Id": f"{word}:{names.encode(message_id)}"} if message_id else {}
        return await self._append(self._in, f"{self._prefix}.in.{word}", payload, headers)

    async def append_out(self, partition: str, payload: bytes, expected_last: int) -> int:
        headers = {"Nats-Expected-Last-Subject-Sequence": str(expected_last)}
        return await self._append(self._out, f"{self._prefix}.out.{names.encode(partition)}", payload, headers)

    def read_in(self, partition: str, after: int = 0) -> AsyncGenerator[Entry, None]:
        return self._readers.read(self._in, f"{self._prefix}.in.{names.encode(partition)}", after)

    def read_out(self, partition: str, after: int = 0) -> AsyncGenerator[Entry, None]:
        return self._readers.read(self._out, f"{self._prefix}.out.{names.encode(partition)}", after)

    async def last_out(self, partition: str) -> Entry | None:
        return await self._last(self._out, f"{self._prefix}.out.{names.encode(partition)}")

    async def trim_in(self, partition: str, before: int) -> None:
        await self._trim(self._in, f"{self._prefix}.in.{names.encode(partition)}", before)

    async def trim_out(self, partition: str, before: int) -> None:
        subject = f"{self._prefix}.out.{names.encode(partition)}"
        last = await self._last(self._out, subject)
        if last:
            await self._trim(self._out, subject, min(before, last.seq))

    async def lease(self, name: str, owner: str, ttl: float) -> Lease | None:
        """All leases of a log have one `ttl`, that of its bucket. Raises LogError for another, and Doubtful."""
        if ttl not in self._buckets:
            await self._create(
                f"KV_{self._bucket}",
                f"$KV.{self._bucket}.>",
                max_msgs_per_subject=1,
                max_age=ttl,
                duplicate_window=min(ttl, 120.0),
                discard=DiscardPolicy.NEW,
                allow_rollup_hdrs=True,
            )
            self._buckets.add(ttl)
        try:
            return await take(self, name, owner, ttl, self._clock)
        except (Fenced, NotFoundError):
            return None

    async def leases(self, prefix: str) -> set[str]:
        head = f"$KV.{self._bucket}."
        try:
            async with asyncio.timeout(self._timeout):
                info = await self._js.stream_info(f"KV_{self._bucket}", subjects_filter=f"{head}{prefix}>")
        except NotFoundError:
            return set()
        except Exception as error:
            raise Doubtful(f"leases: {_said(error)}") from error
        return {names.decode_path(subject[len(head) :]) for subject in info.state.subjects or {}}

    async def replicas(self, stream: str) -> tuple[str, bool]:
        """The broker that leads a stream (empty: none does), and whether all others have what it has. Raises Doubtful.

        Another broker may be stopped only when that is so for all streams.
        """
        try:
            async with asyncio.timeout(self._timeout):
                info = await self._js.stream_info(stream)
        except Exception as error:
            raise Doubtful(f"{stream}: {_said(error)}") from error
        cluster = info.cluster
        if cluster is None:
            return "", True
        others = cluster.replicas or []
        return cluster.leader or "", len(others) == self._replicas - 1 and all(
            one.current and not one.offline for one in others
        )

    async def close(self) -> None:
        self._readers.close()
        await self._client.close()

    # What JetStreamLease needs.

    @property
    def _bucket(self) -> str:
        return f"{self._prefix}-own"

    async def put_lease(self, name: str, value: bytes, revision: int) -> int:
        """Writes if the last revision is `revision`. Raises Fenced or Doubtful."""
        subject = f"$KV.{self._bucket}.{names.encode_path(name)}"
        headers = {"Nats-Expected-Last-Subject-Sequence": str(revision)}
        return await self._append(f"KV_{self._bucket}", subject, value, headers)

    async def get_lease(self, name: str) -> Entry | None:
        return await self._last(f"KV_{self._bucket}", f"$KV.{self._bucket}.{names.encode_path(name)}")

    async def delete_lease(self, revision: int) -> None:
        """Removes exactly that revision, so never what another has written since. Raises Doubtful."""
        try:
            async with asyncio.timeout(self._timeout):
                await self._js.delete_msg(f"KV_{self._bucket}", revision)
        except Exception as error:
            raise Doubtful(f"lease revision {revision}: {_said(error)}") from error

    async def _create_streams(self) -> None:
        while True:
            try:
                await self._create(self._in, f"{self._prefix}.in.*", duplicate_window=self.dedupe_window)
                await self._create(self._out, f"{self._prefix}.out.*")
                return
            except Doubtful as error:
                log.info("not ready: %s", error)  # a broker that has just started
                await asyncio.sleep(0.2)

    async def _create(self, name: str, subject: str, **settings: Any) -> None:
        config = StreamConfig(
            name=name, subjects=[subject], storage=StorageType.FILE, num_replicas=self._replicas, **settings
        )
        try:
            async with asyncio.timeout(self._timeout):
                await self._js.add_stream(config)
        except APIError as error:
            if error.err_code == ALREADY_OTHERWISE:
                raise LogError(
                    f"stream {name} is there with other settings. Give all members the same dedupe window, lease ttl "
                    f"and replicas; to change them, stop the fleet and edit the stream with the broker's own tool"
                ) from error
            raise Doubtful(f"stream {name}: {_said(error)}") from error
        except Exception as error:
            raise Doubtful(f"stream {name}: {_said(error)}") from error

    async def _append(self, stream: str, subject: str, payload: bytes, headers: dict[str, str]) -> int:
        if len(payload) > self.max_payload:
            raise TooLarge(f"a payload of {len(payload)} bytes, and the broker takes {self.max_payload}")
        try:
            async with asyncio.timeout(self._timeout):
                ack = await self._js.publish(
                    subject, payload, timeout=self._timeout, headers={"Nats-Expected-Stream": stream, **headers}
                )
        except APIError as error:
            if error.err_code in WRONG_LAST_SEQUENCE:
                raise Fenced(f"{subject}: {error.description}") from error
            raise Doubtful(f"{subject}: {_said(error)}") from error
        except Exception as error:
            # Whatever it is, the broker may have the record.
            raise Doubtful(f"{subject}: {_said(error)}") from error
        return int(ack.seq)

    async def _last(self, stream: str, subject: str) -> Entry | None:
        try:
            async with asyncio.timeout(self._timeout):
                message = await self._js.get_last_msg(stream, subject)
        except NotFoundError:
            return None
        except Exception as error:
            raise Doubtful(f"{subject}: {_said(error)}") from error
        at = message.time.timestamp() if message.time else 0.0
        return Entry(int(message.seq or 0), message.data or b"", at)

    async def _trim(self, stream: str, subject: str, before: int) -> None:
        if before <= 1:
            return
        try:
            async with asyncio.timeout(self._timeout):
                await self._js.purge_stream(stream, seq=before, subject=subject)
        except Exception as error:
            raise Doubtful(f"trim {subject}: {_said(error)}") from error

    async def _reconnected(self) -> None:
        self.life += 1
        self._readers.rebuild()


async def _note(error: Exception) -> None:
    log.info("broker: %s", _said(error))


def _said(error: Exception) -> str:
    return str(error) or type(error).__name__
