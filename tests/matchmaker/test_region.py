"""Where players are sent."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from matchmaker.region import place
from matchmaker.rtt import player_rtts_ms, region_rtt_ms
from matchmaker.settings import Settings, compile_settings
from matchmaker.ticket import Player
from tests.support.matchmaker import values


def with_regions(**regions: dict[str, Any]) -> Settings:
    changed = values(resolution__default_region="a", resolution__hysteresis_ms=5)
    changed["regions"] = {name: {"weight": 1.0, "open": True, "load": 0.0, **given} for name, given in regions.items()}
    return compile_settings(changed)


def player(**rtts_ms: float) -> Player:
    return Player("p", 1500, rtts_ms)


def region(settings: Settings, *players: Player, current: str = "") -> str:
    placement = place(settings, players, current)
    assert placement is not None
    assert placement.reason
    return placement.region


def test_the_nearest_open_region_wins() -> None:
    settings = with_regions(a={}, b={}, c={"open": False})
    assert region(settings, player(a=50, b=40, c=1)) == "b"


def test_weights_and_load_move_players_away() -> None:
    assert region(with_regions(a={}, b={"weight": 1.5}), player(a=50, b=40)) == "a"
    assert region(with_regions(a={}, b={"load": 0.5}), player(a=50, b=40)) == "a"


def test_a_party_goes_where_its_worst_member_is_best_off() -> None:
    settings = with_regions(a={}, b={})
    assert region(settings, player(a=10, b=60), player(a=100, b=70)) == "b"


def test_a_region_that_is_too_far_is_the_last_choice() -> None:
    assert region(with_regions(a={"weight": 4.0}, b={}), player(a=200, b=251)) == "a"


def test_without_measurements_it_is_the_default_region_or_the_first_open_one() -> None:
    assert region(with_regions(a={}, b={}), player()) == "a"
    assert region(with_regions(a={}, b={}), player(b=10), player(a=10)) == "a"
    assert region(with_regions(a={"open": False}, c={}, b={}), player()) == "b"
    assert place(with_regions(a={}, b={}), (player(nowhere=1),)) is not None


def test_a_ticket_stays_where_it_is_unless_it_gains_enough() -> None:
    settings = with_regions(a={}, b={})
    assert region(settings, player(a=44, b=40), current="a") == "a"
    assert region(settings, player(a=46, b=40), current="a") == "b"


@given(rtts=st.dictionaries(st.sampled_from("abcdef"), st.floats(0, 500), min_size=1))
def test_no_open_region_would_have_been_better(rtts: dict[str, float]) -> None:
    settings = with_regions(**{name: {"weight": 1.0 + at / 10} for at, name in enumerate("abcdef")})
    chosen = place(settings, (Player("p", 0, rtts),))
    assert chosen is not None
    assert chosen.region in rtts
    far = {name: 1000.0 if rtt > settings.resolution.max_rtt_ms else 0.0 for name, rtt in rtts.items()}
    assert chosen.score_ms == min(rtt * settings.regions[name].weight + far[name] for name, rtt in rtts.items())


def test_simulated_players_are_nearest_to_their_home() -> None:
    from random import Random

    random = Random(1)
    table = region_rtt_ms()
    assert len(table) == 10
    for home in table:
        rtts = [player_rtts_ms(home, random) for _ in range(50)]
        assert all(min(measured, key=measured.__getitem__) == home for measured in rtts)
