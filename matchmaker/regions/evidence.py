"""What is known of where players are, from best to worst: signed round-trip times, the client's own, the edge that took
the connection, the address. A region is chosen by the best evidence that does.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import inf, isfinite
from typing import Final

from matchmaker.core.placement import Placement
from matchmaker.core.region import Regions, Rtts
from matchmaker.regions.geoip import GeoIp
from matchmaker.regions.known import Evidence, Known

SIGNED: Final = "signed round-trip times"
CLIENT: Final = "client round-trip times"
EDGE: Final = "edge hint"
GEOIP: Final = "GeoIP estimate"
LONGEST_RTT_MS: Final = 10_000.0
"""What a client says is longer counts as this."""
_MEASURED_LITTLE: Final = 3
"""Fewer times than that may well be equal."""


def resolve(
    evidence: Evidence, regions: Regions, geoip: GeoIp | None = None, current: str = "", waited_s: float = 0.0
) -> Placement | None:
    """The region for a ticket; the placement's reason names the evidence, and why better evidence was not used.

    A party is placed by evidence that all of its players have. GeoIP fills in what a player did not measure.
    `current` and `waited_s` as for Regions.choose. None if all regions are closed; raises TooFar.
    """
    players = evidence.players
    notes: list[str] = []
    sets: list[Rtts] = []
    kind = SIGNED
    for player in players:
        if player.signed is not None and player.signed.rtts_ms and not player.signed.wrong:
            sets.append(player.signed.rtts_ms)
        else:
            kind = CLIENT
            sets.append(_by_own_account(player, regions, geoip, notes))
    if all(sets):
        if placement := regions.measured(sets, current, waited_s, _reason(kind, notes)):
            return placement
        notes.append("no open region was measured by all players")
    if evidence.edge:
        if regions.open(evidence.edge):
            return Placement(evidence.edge, 0.0, _reason(EDGE, notes))
        notes.append(f"edge hint {evidence.edge} is not an open region")
    if geoip and (estimates := _estimates(players, sets, regions, geoip)):
        if placement := regions.measured(estimates, current, waited_s, _reason(GEOIP, notes)):
            return placement
        notes.append("no open region has known coordinates")
    default = regions.default()
    if default is None or not notes:
        return default
    return Placement(default.region, default.score_ms, _reason(default.reason, notes))


def plausible(rtts: Rtts) -> bool:
    """Whether what a client measured can be taken as it is, as far as that can be told from the numbers alone."""
    # A loop over a list: compiled, it makes no object and calls nothing.
    values: list[float] = list(rtts.values())
    if not values:
        return False
    first, differ = values[0], len(values) < _MEASURED_LITTLE
    for value in values:
        # Written so that what is no number is not within.
        if not 0.0 <= value <= LONGEST_RTT_MS:
            return False
        if value != first:
            differ = True
    return differ


def _reason(kind: str, notes: list[str]) -> str:
    return f"{kind} ({'; '.join(dict.fromkeys(notes))})" if notes else kind


def _by_own_account(player: Known, regions: Regions, geoip: GeoIp | None, notes: list[str]) -> Rtts:
    """What the client measured; empty if it did not, or is not to be trusted, which `notes` then tells."""
    rtts = player.rtts_ms
    if player.signed is not None:
        if player.signed.wrong:
            notes.append(player.signed.wrong)
        rtts = rtts or player.signed.rtts_ms
    if not rtts:
        return rtts
    if not plausible(rtts):
        if wrong := _nonsense(rtts):
            notes.append(wrong)
            return {}
        rtts = {name: min(rtt, LONGEST_RTT_MS) for name, rtt in rtts.items()}
    if geoip and player.address and (wrong := _quicker_than_light(rtts, player.address, regions, geoip)):
        notes.append(wrong)
        return {}
    return rtts


def _nonsense(rtts: Rtts) -> str:
    if not all(isfinite(rtt) and rtt >= 0 for rtt in rtts.values()):
        return "client round-trip times not trusted: some are negative or no numbers"
    if len(rtts) >= _MEASURED_LITTLE and len(set(rtts.values())) == 1:
        return "client round-trip times not trusted: they are all equal"
    return ""


def _quicker_than_light(rtts: Rtts, address: str, regions: Regions, geoip: GeoIp) -> str:
    place = geoip.place(address)
    if place is None:
        return ""
    for region, least in regions.distances.light_ms(place).items():
        if rtts.get(region, inf) < least:
            return (
                f"client round-trip times not trusted: {rtts[region]:g} ms to {region}, "
                f"which light needs {least:.0f} ms for from where GeoIP has the player"
            )
    return ""


def _estimates(
    players: Sequence[Known], sets: Sequence[Rtts], regions: Regions, geoip: GeoIp
) -> list[Mapping[str, float]] | None:
    """What players measured, with estimates for all else; None if of one there is neither."""
    estimates: list[Mapping[str, float]] = []
    for player, rtts in zip(players, sets, strict=True):
        place = geoip.place(player.address) if player.address else None
        if place is not None:
            rtts = {**regions.distances.estimate_ms(place), **rtts}
        if not rtts:
            return None
        estimates.append(rtts)
    return estimates
