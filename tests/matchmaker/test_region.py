"""Where players are sent by their round-trip times."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matchmaker.core.placement import Placement
from matchmaker.core.region import Regions, TooFar
from matchmaker.core.settings import Region, Resolution
from matchmaker.load.rtt import player_rtts_ms, region_rtt_ms

Rtts = dict[str, float]


def resolution(**given: Any) -> Resolution:
    usual = {"max_rtt_ms": 250, "far_penalty_ms": 1000, "load_penalty_ms": 100, "hysteresis_ms": 5}
    return Resolution(**{**usual, "default_region": "a", **given})


def region(weight: float = 1.0, open: bool = True, load: float = 0.0) -> Region:
    return Region(weight, open, load)


def regions(how: Resolution | None = None, /, **given: Region) -> Regions:
    return Regions(given or {"a": region(), "b": region()}, how or resolution())


def chosen(regions: Regions, *rtts: Rtts, current: str = "", waited_s: float = 0.0) -> str:
    placement = regions.choose(rtts, current, waited_s)
    assert placement is not None
    assert placement.reason
    return placement.region


def test_the_nearest_open_region_wins() -> None:
    assert chosen(regions(a=region(), b=region(), c=region(open=False)), {"a": 50, "b": 40, "c": 1}) == "b"


def test_weights_and_load_move_players_away() -> None:
    assert chosen(regions(a=region(), b=region(weight=1.5)), {"a": 50, "b": 40}) == "a"
    assert chosen(regions(a=region(), b=region(load=0.5)), {"a": 50, "b": 40}) == "a"


def test_of_equal_regions_the_first_by_name_wins() -> None:
    assert chosen(regions(b=region(), a=region()), {"b": 40, "a": 40}) == "a"
    assert chosen(regions(b=region(), a=region()), {"b": 300, "a": 300}) == "a"


def test_a_party_goes_where_its_worst_member_is_best_off() -> None:
    assert chosen(regions(), {"a": 10, "b": 60}, {"a": 100, "b": 70}) == "b"


def test_a_percentile_lets_few_members_of_a_party_count_less() -> None:
    party: list[Rtts] = [{"a": 10, "b": 60}] * 4 + [{"a": 100, "b": 70}]
    assert chosen(regions(resolution(party_percentile=80)), *party) == "a"
    assert chosen(regions(resolution(party_percentile=81)), *party) == "b"


def test_a_region_that_is_too_far_is_the_last_choice() -> None:
    assert chosen(regions(a=region(weight=4.0), b=region()), {"a": 200, "b": 251}) == "a"
    assert chosen(regions(a=region(weight=10.0), b=region()), {"a": 200, "b": 251}) == "b"


def test_other_regions_are_told_best_first_if_all_players_can_play_there() -> None:
    four = regions(a=region(), b=region(), c=region(), d=region())
    placement = four.choose([{"a": 30, "b": 10, "c": 260, "d": 20}])
    assert placement == Placement("b", 10, "round-trip times", ("d", "a"))
    assert four.acceptable([{"a": 30, "b": 10, "c": 260, "d": 20}]) == ("b", "d", "a")
    party = four.choose([{"a": 30, "b": 10, "d": 20}, {"a": 30, "b": 15, "c": 1, "d": 260}])
    assert party == Placement("b", 15, "round-trip times", ("a",))


def test_equal_tuples_of_other_regions_are_one_object() -> None:
    three = regions(a=region(), b=region(), c=region())
    first, second = three.choose([{"a": 1, "b": 2, "c": 300}]), three.choose([{"a": 3, "b": 4}])
    assert first is not None and second is not None
    assert first.others == ("b",)
    assert first.others is second.others


def test_without_measurements_it_is_the_default_region_or_the_first_open_one() -> None:
    assert chosen(regions(), {}) == "a"
    assert chosen(regions(), {"b": 10}, {"a": 10}) == "a"
    assert chosen(regions(), {"nowhere": 1}) == "a"
    assert chosen(regions(a=region(open=False), c=region(), b=region()), {}) == "b"
    assert regions(a=region(open=False)).choose([{"a": 1}]) is None


def test_a_ticket_stays_where_it_is_unless_it_gains_enough() -> None:
    assert chosen(regions(), {"a": 44, "b": 40}, current="a") == "a"
    assert chosen(regions(), {"a": 46, "b": 40}, current="a") == "b"
    assert chosen(regions(), {"a": 251, "b": 249}, current="a") == "b"
    assert chosen(regions(a=region(open=False), b=region()), {"a": 1, "b": 40}, current="a") == "b"
    assert chosen(regions(), {"b": 40}, current="a") == "b"


def test_who_is_too_far_from_everything_is_refused_where_the_configuration_says_so() -> None:
    refusing = regions(resolution(beyond_max="refuse"))
    assert chosen(refusing, {"a": 251, "b": 250}) == "b"
    assert chosen(refusing, {"a": 251, "b": 250}, current="a") == "b"
    with pytest.raises(TooFar, match=r"no open region is within 250 ms: b, the nearest, is 260 ms away") as refused:
        refusing.choose([{"a": 251, "b": 260}, {"a": 300, "b": 1}])
    assert refused.value.after_s is None
    assert "max_rtt_ms" in refused.value.reason
    assert refusing.acceptable([{"a": 251, "b": 260}], waited_s=1000) == ()


def test_a_limit_counts_for_every_member_whatever_the_percentile() -> None:
    party: list[Rtts] = [{"a": 10, "b": 60}] * 4 + [{"a": 251, "b": 70}]
    assert chosen(regions(resolution(party_percentile=80)), *party) == "a"
    assert chosen(regions(resolution(party_percentile=80, beyond_max="refuse")), *party) == "b"


def test_the_limit_grows_with_waiting_where_the_configuration_says_so() -> None:
    widening = regions(resolution(beyond_max="widen", widen_ms_per_s=10))
    far: Rtts = {"a": 300, "b": 280}
    with pytest.raises(TooFar) as refused:
        widening.choose([far])
    after = refused.value.after_s
    assert after is not None and 3 < after < 3.01
    assert chosen(widening, far, waited_s=after) == "b"
    assert widening.acceptable([far], 2.9) == ()
    assert widening.acceptable([far], after) == ("b",)
    assert widening.acceptable([far], 5) == ("b", "a")


names = st.sampled_from("abcdef")
some_rtts = st.dictionaries(names, st.floats(0, 500) | st.sampled_from([10.0, 250.0, 251.0]), max_size=6)
some_regions = st.dictionaries(
    names,
    st.builds(
        region, st.sampled_from([1.0, 1.0, 0.1, 3.7, 10.0]), st.booleans(), st.sampled_from([0.0, 0.0, 0.3, 1.0])
    ),
    min_size=1,
)
some_resolution = st.builds(
    resolution,
    far_penalty_ms=st.sampled_from([0, 5, 1000]),
    party_percentile=st.sampled_from([1.0, 50.0, 75.0, 100.0]),
    beyond_max=st.sampled_from(["far", "refuse", "widen"]),
    widen_ms_per_s=st.sampled_from([0.0, 7.0]),
    hysteresis_ms=st.sampled_from([0, 20]),
)


def open_in_common(given: dict[str, Region], party: Sequence[Rtts]) -> list[str]:
    return sorted(name for name in given if given[name].open and all(name in rtts for rtts in party))


@given(
    given=some_regions, how=some_resolution, party=st.lists(some_rtts, min_size=1, max_size=5), waited=st.floats(0, 60)
)
def test_no_region_that_may_be_taken_would_have_been_better(
    given: dict[str, Region], how: Resolution, party: list[Rtts], waited: float
) -> None:
    limit = how.max_rtt_ms + (how.widen_ms_per_s * waited if how.beyond_max == "widen" else 0)
    common = open_in_common(given, party)
    within = [name for name in common if all(rtts[name] <= limit for rtts in party)]

    def score(name: str) -> float:
        far = how.far_penalty_ms if how.beyond_max == "far" else 0
        each = sorted(
            rtts[name] * given[name].weight
            + given[name].load * how.load_penalty_ms
            + (far if rtts[name] > limit else 0)
            for rtts in party
        )
        return each[max(1, ceil(how.party_percentile / 100 * len(each))) - 1]

    ranked = sorted(common if how.beyond_max == "far" else within, key=lambda name: (score(name), name))
    chooser = Regions(given, how)
    assert chooser.acceptable(party, waited) == tuple(sorted(within, key=lambda name: (score(name), name)))
    if common and not ranked:
        with pytest.raises(TooFar):
            chooser.choose(party, "", waited)
        return
    placement = chooser.choose(party, "", waited)
    if not ranked:
        assert placement == chooser.default()
        return
    assert placement is not None
    assert (placement.region, placement.score_ms) == (ranked[0], pytest.approx(score(ranked[0]), abs=1e-9))
    assert placement.others == tuple(
        name for name in sorted(within, key=lambda name: (score(name), name)) if name != placement.region
    )
    for current in common:
        kept = chooser.choose(party, current, waited)
        assert kept is not None
        stays = current in ranked and score(current) - score(ranked[0]) <= how.hysteresis_ms
        assert kept.region == (current if stays else ranked[0])


@given(
    given=some_regions, how=some_resolution, parties=st.lists(st.lists(some_rtts, min_size=1, max_size=3), max_size=8)
)
def test_a_choice_depends_on_nothing_that_was_chosen_before(
    given: dict[str, Region], how: Resolution, parties: list[list[Rtts]]
) -> None:
    used = Regions(given, how)
    for party in parties:
        backwards = [dict(reversed(rtts.items())) for rtts in reversed(party)]
        fresh = Regions(dict(reversed(given.items())), how)
        assert outcome(used, party) == outcome(fresh, backwards)


def outcome(regions: Regions, party: Sequence[Rtts]) -> Placement | str | None:
    try:
        return regions.choose(party)
    except TooFar as refused:
        return refused.reason


@given(rtts=some_rtts, more=some_rtts)
def test_a_party_is_never_better_off_than_its_members_alone(rtts: Rtts, more: Rtts) -> None:
    everywhere = {name: 200.0 for name in "abcdef"}
    both = regions(**{name: region() for name in "abcdef"})
    alone, other = both.choose([{**everywhere, **rtts}]), both.choose([{**everywhere, **more}])
    party = both.choose([{**everywhere, **rtts}, {**everywhere, **more}])
    assert alone is not None and other is not None and party is not None
    assert party.score_ms >= max(alone.score_ms, other.score_ms)
    if alone.region == other.region:
        assert party.region == alone.region or party.score_ms <= max(alone.score_ms, other.score_ms)


def test_simulated_players_are_nearest_to_their_home() -> None:
    random = Random(1)
    table = region_rtt_ms()
    assert len(table) == 10
    everywhere = regions(resolution(default_region="eu-west-1"), **{name: region() for name in table})
    for home in table:
        for _ in range(50):
            assert chosen(everywhere, player_rtts_ms(home, random)) == home
