"""Following a control plane: its events, and again from where they ended when the connection breaks."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from configedge.cli.client import Client, Refused

# The server says something at least this often, if only that it is there.
_SILENCE_S, _CONNECT_S = 60.0, 15.0
_FIRST_PAUSE_S = 0.5
_LONGEST_PAUSE_S = 15.0


@dataclass(frozen=True, slots=True)
class Event:
    kind: str
    """`hello` (once, at the start), `commit`, `refused`, `proposal`, `fleet`, `reset`."""
    data: dict[str, Any]
    commit: str
    """The newest commit that was told; a watch resumes after it."""


def follow(client: Client, lost: Callable[[str | None], None], since: str = "", **params: Any) -> Iterator[Event]:
    """Events from now on, or after the commit `since`, for ever. Commits are not missed while there is no connection;
    other events are.

    `lost` is called with the reason when the connection is lost, and with None when it is there again. Raises Unusable
    if it cannot be made at all, and Refused.
    """
    import httpx2

    from configedge.bundle import BundleError, load_json

    known = since
    wanted = {name: value for name, value in params.items() if value is not None}
    timeout = httpx2.Timeout(_CONNECT_S, read=_SILENCE_S)
    failures = 0
    while True:
        why = "the server ended it"
        headers = {"Last-Event-ID": known} if known else {}
        try:
            with client.http.sse("/v1/watch", params=wanted, headers=headers, timeout=timeout) as source:
                if source.response.is_error:
                    source.response.read()
                    client.check(source.response)
                if failures:
                    lost(None)
                failures = 0
                for event in source:
                    if event.event == "hello" and known:
                        # What was missed comes after it.
                        continue
                    known = event.id or known
                    try:
                        data = load_json(event.data.encode(), "event")
                    except BundleError:
                        continue
                    if isinstance(data, dict):
                        yield Event(event.event, data, known)
        except httpx2.TransportError as error:
            if not known:
                raise client.unreachable(error) from None
            why = str(error) or type(error).__name__
        except Refused as refused:
            if refused.status < 500 and refused.status != 429:
                raise
            why = refused.detail
        failures += 1
        if failures == 1:
            lost(why)
        time.sleep(random.uniform(0.5, 1.0) * min(_LONGEST_PAUSE_S, _FIRST_PAUSE_S * 2**failures))
