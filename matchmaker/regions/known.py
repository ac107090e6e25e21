"""What is known of a ticket's players, to choose a region by."""

from __future__ import annotations

import msgspec

from matchmaker.core.region import Rtts
from matchmaker.regions.signed_rtts import SignedSet


class Known(msgspec.Struct, frozen=True, gc=False):
    """Of one player."""

    rtts_ms: Rtts = {}
    """What the client measured, by its own account."""
    signed: SignedSet | None = None
    """See `matchmaker.regions.signed_rtts.check_signed`."""
    address: str = ""
    """Of the player's connection, IPv4 or IPv6; empty if it is not known, as of a party's other members."""


class Evidence(msgspec.Struct, frozen=True, gc=False):
    """Of all that is known of a ticket's players, at least one."""

    players: tuple[Known, ...]
    edge: str = ""
    """The region whose point of presence took the connection."""
