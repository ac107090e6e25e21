"""By what evidence players are placed, and what of it is not believed."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matchmaker.core.placement import Placement
from matchmaker.core.region import Regions, TooFar
from matchmaker.core.settings import Region, Resolution
from matchmaker.regions.evidence import LONGEST_RTT_MS, plausible, resolve
from matchmaker.regions.geoip import GeoIp
from matchmaker.regions.known import Evidence, Known
from matchmaker.regions.signed_rtts import SignedSet, check_signed, sign_rtts
from tests.fixtures.geoip.make import FILE

NEAR_FRANKFURT, NEAR_ASHBURN, NEAR_TOKYO, UNKNOWN = "198.18.0.9", "198.18.1.9", "198.18.2.9", "203.0.113.9"
GEOIP = GeoIp(str(FILE))
OPEN = Region(1.0, True, 0.0)


def regions(beyond_max: str = "far", **given: Region) -> Regions:
    everywhere = {name: OPEN for name in ("us-east-1", "eu-central-1", "ap-northeast-1")}
    how = Resolution(150, 1000, 100, "us-east-1", 5, beyond_max=beyond_max)
    return Regions({**everywhere, **{name.replace("_", "-"): region for name, region in given.items()}}, how)


EVERYWHERE = regions()
IN_TOKYO: Mapping[str, float] = {"us-east-1": 150.0, "eu-central-1": 230.0, "ap-northeast-1": 9.0}
IN_FRANKFURT: Mapping[str, float] = {"us-east-1": 92.0, "eu-central-1": 9.0, "ap-northeast-1": 230.0}


def placed(*players: Known, edge: str = "", among: Regions = EVERYWHERE) -> Placement:
    placement = resolve(Evidence(players, edge), among, GEOIP)
    assert placement is not None
    return placement


def test_better_evidence_goes_first() -> None:
    signed = SignedSet(IN_TOKYO)
    everything = Known(IN_FRANKFURT, signed, NEAR_FRANKFURT)
    steps = [
        (placed(everything, edge="us-east-1"), "ap-northeast-1", "signed round-trip times"),
        (
            placed(Known(IN_FRANKFURT, None, NEAR_FRANKFURT), edge="us-east-1"),
            "eu-central-1",
            "client round-trip times",
        ),
        (placed(Known({}, None, NEAR_FRANKFURT), edge="ap-northeast-1"), "ap-northeast-1", "edge hint"),
        (placed(Known({}, None, NEAR_FRANKFURT)), "eu-central-1", "GeoIP estimate"),
        (placed(Known({}, None, UNKNOWN)), "us-east-1", "default region"),
        (placed(Known()), "us-east-1", "default region"),
    ]
    for placement, region, reason in steps:
        assert (placement.region, placement.reason) == (region, reason)


def test_a_signature_that_does_not_hold_makes_a_set_the_clients_own() -> None:
    text = sign_rtts(bytes(32), "p", IN_TOKYO, 100)
    late = placed(Known({}, check_signed(bytes(32), "p", text, now=107), NEAR_TOKYO))
    assert (late.region, late.reason) == ("ap-northeast-1", "client round-trip times (signature expired 7 s ago)")
    forged = placed(Known({}, check_signed(bytes(32), "q", text, now=0), NEAR_FRANKFURT))
    assert forged.region == "eu-central-1"
    assert forged.reason.startswith("GeoIP estimate (signature is not that of this key, player and set; client")
    assert placed(Known(IN_FRANKFURT, SignedSet({}))).reason == "client round-trip times"


def test_who_says_to_be_nearer_than_light_allows_is_not_believed() -> None:
    for address, region in ((NEAR_FRANKFURT, "eu-central-1"), (NEAR_ASHBURN, "us-east-1")):
        placement = placed(Known(IN_TOKYO, None, address))
        assert placement.region == region
        assert placement.reason.startswith(
            "GeoIP estimate (client round-trip times not trusted: 9 ms to ap-northeast-1"
        )
    assert placed(Known(IN_TOKYO, None, NEAR_FRANKFURT), edge="us-east-1").reason.startswith("edge hint (client")


def test_who_is_known_to_be_somewhere_within_the_earth_is_believed() -> None:
    assert placed(Known(IN_TOKYO, None, "198.51.100.7")).region == "ap-northeast-1"


def test_a_gateway_is_believed_whatever_the_address() -> None:
    assert placed(Known({}, SignedSet(IN_TOKYO), NEAR_FRANKFURT)).reason == "signed round-trip times"


@pytest.mark.parametrize(
    ("rtts", "why"),
    [
        (dict.fromkeys(IN_TOKYO, 40.0), "they are all equal"),
        ({**IN_TOKYO, "us-east-1": -1.0}, "negative or no numbers"),
        ({"us-east-1": float("nan"), "ap-northeast-1": 1.0}, "negative or no numbers"),
        ({"us-east-1": 5.0, "ap-northeast-1": float("inf")}, "negative or no numbers"),
    ],
)
def test_nonsense_is_not_believed(rtts: dict[str, float], why: str) -> None:
    placement = placed(Known(rtts, None, NEAR_FRANKFURT))
    assert placement.region == "eu-central-1"
    assert why in placement.reason


def test_two_equal_times_are_no_reason_for_distrust() -> None:
    assert placed(Known({"eu-central-1": 40.0, "us-east-1": 40.0})).reason == "client round-trip times"


def test_times_beyond_all_reason_are_clamped() -> None:
    assert placed(Known({"eu-central-1": 1e300})) == Placement("eu-central-1", 11_000, "client round-trip times")


def test_a_closed_region_does_not_take_who_comes_by_its_edge() -> None:
    closed = regions(ap_northeast_1=Region(1.0, False, 0.0))
    placement = placed(Known({}, None, NEAR_FRANKFURT), edge="ap-northeast-1", among=closed)
    assert placement.region == "eu-central-1"
    assert placement.reason == "GeoIP estimate (edge hint ap-northeast-1 is not an open region)"


def test_geoip_fills_in_for_members_of_a_party_who_measured_nothing() -> None:
    party = placed(Known(IN_FRANKFURT), Known({}, None, NEAR_FRANKFURT))
    assert (party.region, party.reason) == ("eu-central-1", "GeoIP estimate")
    assert placed(Known(IN_FRANKFURT), Known()).reason == "default region"


def test_geoip_fills_in_for_regions_that_were_not_measured_in_common() -> None:
    party = placed(Known({"eu-central-1": 9.0}, None, NEAR_FRANKFURT), Known({"us-east-1": 9.0}, None, NEAR_ASHBURN))
    assert party.region in ("eu-central-1", "us-east-1")
    assert party.reason == "GeoIP estimate (no open region was measured by all players)"


def test_regions_of_unknown_place_are_not_estimated() -> None:
    cellar = Regions({"cellar": OPEN, "attic": OPEN}, Resolution(150, 1000, 100, "cellar", 5))
    placement = placed(Known({}, None, NEAR_FRANKFURT), among=cellar)
    assert placement.region == "cellar"
    attic = Regions({"cellar": OPEN, "attic": Region(1, True, 0, 50.0, 8.0)}, Resolution(150, 1000, 100, "cellar", 5))
    assert placed(Known({}, None, NEAR_FRANKFURT), among=attic).region == "attic"


def test_waiting_and_hysteresis_count_here_too() -> None:
    evidence = Evidence((Known({"eu-central-1": 44.0, "us-east-1": 40.0}),))
    stayed = resolve(evidence, EVERYWHERE, None, current="eu-central-1")
    assert stayed is not None and stayed.region == "eu-central-1"
    with pytest.raises(TooFar):
        resolve(Evidence((Known({"us-east-1": 151.0}),)), regions("refuse"))


def test_without_an_open_region_there_is_no_place() -> None:
    closed = {"us-east-1": Region(1.0, False, 0.0)}
    assert resolve(Evidence((Known(IN_TOKYO),)), Regions(closed, Resolution(150, 0, 0, "us-east-1", 0))) is None


addresses = st.sampled_from([NEAR_FRANKFURT, NEAR_ASHBURN, NEAR_TOKYO, UNKNOWN, "", "nonsense", "2001:db8:2::7"])
rtt_sets = st.dictionaries(
    st.sampled_from([*IN_TOKYO, "elsewhere"]), st.floats(allow_nan=True) | st.sampled_from([0.0, 40.0, 120.0])
)
signed_sets = st.none() | st.builds(
    SignedSet,
    st.dictionaries(st.sampled_from(list(IN_TOKYO)), st.floats(0, 900)),
    st.sampled_from(["", "signature expired 1 s ago"]),
)


@given(
    players=st.lists(st.builds(Known, rtt_sets, signed_sets, addresses), min_size=1, max_size=4).map(tuple),
    edge=st.sampled_from(["", "us-east-1", "elsewhere"]),
)
def test_whatever_is_claimed_players_get_an_open_region_and_a_reason_and_the_same_again(
    players: tuple[Known, ...], edge: str
) -> None:
    among = regions(ap_northeast_1=Region(1.0, False, 0.0))
    evidence = Evidence(players, edge)
    placement = resolve(evidence, among, GEOIP)
    assert placement is not None
    assert among.open(placement.region) and placement.reason
    assert 0 <= placement.score_ms <= 11_000
    assert resolve(evidence, regions(ap_northeast_1=Region(1.0, False, 0.0)), GEOIP) == placement


@given(rtt_sets)
def test_only_times_that_can_be_are_taken_as_they_are(rtts: dict[str, float]) -> None:
    values = list(rtts.values())
    equal = len(values) >= 3 and len(set(values)) == 1
    assert plausible(rtts) == (bool(values) and all(0 <= rtt <= LONGEST_RTT_MS for rtt in values) and not equal)
