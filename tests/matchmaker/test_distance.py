"""What the distance between places says about round-trip times."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matchmaker.core.distance import Distances, Place, distance_km, estimate_ms, known_places, light_ms
from matchmaker.core.settings import Region
from matchmaker.load.rtt import region_rtt_ms

places = st.builds(Place, st.floats(-90, 90), st.floats(-180, 180), st.just(0.0))


def test_the_distance_is_that_along_the_great_circle() -> None:
    london, new_york = Place(51.51, -0.13), Place(40.71, -74.01)
    assert distance_km(london, new_york) == pytest.approx(5570, rel=0.005)
    assert distance_km(Place(0, 179), Place(0, -179)) == pytest.approx(222.4, rel=0.001)
    assert distance_km(Place(90, 0), Place(-90, 0)) == pytest.approx(20015, rel=0.001)


@given(a=places, b=places)
def test_distances_are_the_same_both_ways_and_no_longer_than_half_the_earth(a: Place, b: Place) -> None:
    assert distance_km(a, b) == pytest.approx(distance_km(b, a), abs=1e-6)
    assert 0 <= light_ms(a, b) < 201
    assert estimate_ms(a, b) >= max(20, light_ms(a, b))


def test_light_in_fibre_needs_a_millisecond_for_each_hundred_kilometres_there_and_back() -> None:
    a, b = Place(0, 0), Place(0, 10)
    assert light_ms(a, b) == pytest.approx(11.13, abs=0.01)
    assert estimate_ms(a, b) == pytest.approx(1.5 * 11.13 + 20, abs=0.02)


def test_a_place_that_is_not_known_exactly_may_be_nearer() -> None:
    assert light_ms(Place(0, 0, 1000), Place(0, 10)) == pytest.approx(1.12, abs=0.01)
    assert light_ms(Place(0, 0, 2000), Place(0, 10)) == 0


def test_no_measured_round_trip_between_regions_is_quicker_than_light() -> None:
    known = known_places()
    for home, row in region_rtt_ms().items():
        assert all(light_ms(known[home], known[to]) <= ms for to, ms in row.items())


def test_regions_are_where_the_configuration_says_or_where_they_are_known_to_be() -> None:
    distances = Distances(
        {
            "eu-central-1": Region(1, True, 0),
            "us-east-1": Region(1, True, 0, latitude=50.11, longitude=8.68),
            "cellar": Region(1, True, 0),
        }
    )
    estimates = distances.estimate_ms(Place(50.11, 8.68))
    assert estimates == {"eu-central-1": 20, "us-east-1": 20}
    assert distances.light_ms(Place(50.11, 8.68)) == {"eu-central-1": 0, "us-east-1": 0}
