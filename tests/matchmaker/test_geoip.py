"""Where addresses are, by a database of networks that nobody has."""

from __future__ import annotations

import logging
import shutil
from pathlib import Path

import maxminddb
import pytest

from matchmaker.core.distance import Place
from matchmaker.regions.geoip import GeoIp
from tests.fixtures.geoip.make import ASHBURN, FILE, FRANKFURT, RECORDS, SAO_PAULO, TOKYO


@pytest.fixture
def geoip() -> GeoIp:
    geoip = GeoIp(str(FILE))
    assert geoip.error == ""
    return geoip


@pytest.mark.parametrize(
    ("address", "place"),
    [
        ("198.18.0.77", Place(*FRANKFURT, 20)),
        ("198.18.1.0", Place(*ASHBURN, 20)),
        ("198.18.2.255", Place(*TOKYO, 20)),
        ("::ffff:198.18.3.1", Place(*SAO_PAULO, 20)),
        ("2001:db8:1:2:3:4:5:6", Place(*FRANKFURT, 20)),
        ("2001:db8:2::", Place(*TOKYO, 20)),
        ("192.0.2.1", Place(*FRANKFURT, 0)),
    ],
)
def test_an_address_is_where_its_network_is(geoip: GeoIp, address: str, place: Place) -> None:
    assert geoip.place(address) == place
    assert geoip.place(address) is geoip.place(address)


@pytest.mark.parametrize(
    "address",
    ["203.0.113.5", "2001:db8:3::1", "10.0.0.1", "::1", "", "nonsense", "198.18.0", "198.18.0.256", "fe80::1%eth0"],
)
def test_what_has_no_place_or_is_no_address_is_nowhere(geoip: GeoIp, address: str) -> None:
    assert geoip.place(address) is None


def test_lookups_go_through_the_c_extension(geoip: GeoIp) -> None:
    assert geoip.native


def test_without_the_c_extension_it_works_and_warns(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(maxminddb, "_extension", None)
    geoip = GeoIp(str(FILE))
    assert not geoip.native
    assert geoip.place("198.18.0.77") == Place(*FRANKFURT, 20)
    assert [record.levelno for record in caplog.records] == [logging.WARNING]
    assert "C extension" in caplog.text


def test_without_a_database_everything_is_nowhere() -> None:
    geoip = GeoIp()
    assert (geoip.path, geoip.error, geoip.place("198.18.0.77")) == ("", "", None)


def test_another_file_is_read_when_it_is_named(geoip: GeoIp, tmp_path: Path) -> None:
    other = tmp_path / "other.mmdb"
    other.write_bytes(FILE.read_bytes().replace(FRANKFURT_BYTES, TOKYO_BYTES))
    assert geoip.place("198.18.0.77") == Place(*FRANKFURT, 20)
    geoip.follow(str(other))
    assert geoip.path == str(other)
    assert geoip.place("198.18.0.77") == Place(TOKYO[0], FRANKFURT[1], 20)
    geoip.follow("")
    assert geoip.place("198.18.0.77") is None


def test_a_file_that_cannot_be_used_leaves_the_last_good_one(geoip: GeoIp, tmp_path: Path) -> None:
    broken = tmp_path / "broken.mmdb"
    broken.write_bytes(FILE.read_bytes()[:-40])
    for path in (str(tmp_path / "missing.mmdb"), str(broken), str(tmp_path)):
        geoip.follow(path)
        assert path in geoip.error
        assert f"still using {FILE}" in geoip.error
        assert geoip.place("198.18.0.77") == Place(*FRANKFURT, 20)
    shutil.copy(FILE, broken)
    geoip.follow(str(broken))
    assert (geoip.error, geoip.path) == ("", str(broken))
    geoip.follow(str(tmp_path / "missing.mmdb"))
    geoip.follow(str(broken))
    assert geoip.error == ""


def test_no_more_networks_are_remembered_than_said() -> None:
    geoip = GeoIp(str(FILE), remembered=2)
    for _ in range(2):
        for n, place in enumerate((FRANKFURT, ASHBURN, TOKYO, SAO_PAULO)):
            assert geoip.place(f"198.18.{n}.1") == Place(*place, 20)


def test_the_database_is_that_of_its_table() -> None:
    with maxminddb.open_database(FILE) as reader:
        assert {str(network): record for network, record in reader} == RECORDS


def float_bytes(value: float) -> bytes:
    import struct

    return struct.pack(">d", value)


FRANKFURT_BYTES, TOKYO_BYTES = float_bytes(FRANKFURT[0]), float_bytes(TOKYO[0])
