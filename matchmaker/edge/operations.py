"""Bodies of gateway frames that are no enqueue; docs/gateway.md is normative."""

from __future__ import annotations

from typing import Annotated

import msgspec

from matchmaker.request import Id


class Hello(msgspec.Struct, forbid_unknown_fields=True):
    """How a connection wants to be served."""

    acks: bool = True
    """Whether each ticket that waits is answered with `queued`."""
    name: Annotated[str, msgspec.Meta(max_length=128)] = ""
    """For the log."""


class About(msgspec.Struct, forbid_unknown_fields=True):
    """Which ticket is meant: the session's own if none is named."""

    ticket_id: Annotated[str, msgspec.Meta(max_length=64)] = ""


class Accept(About, forbid_unknown_fields=True, kw_only=True):
    player: Id


class Get(About, forbid_unknown_fields=True):
    follow: bool = True
    """Whether the session is told what becomes of the ticket from now on."""
