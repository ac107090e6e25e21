"""Where an address is, as a GeoIP database (MaxMind DB format) says."""

from __future__ import annotations

import logging
import socket
from collections.abc import Callable
from functools import lru_cache

import maxminddb

from matchmaker.core.distance import Place

log = logging.getLogger(__name__)

_MAPPED_V4 = bytes(10) + b"\xff\xff"


class GeoIp:
    """A database that can be exchanged while it is asked.

    Asked once for each /24 (IPv4) or /48 (IPv6) and remembered, up to `remembered` of them. The database needs
    `location.latitude` and `location.longitude` in its records, as those of the City kind have.
    """

    def __init__(self, path: str = "", remembered: int = 65_536) -> None:
        """Raises nothing: `error` says why a database could not be opened."""
        self.path = ""
        """Of the database in use; empty if there is none."""
        self.error = ""
        """Why the database that was last asked for is not the one in use; empty if it is."""
        self.native = True
        """Whether lookups go through the C extension of maxminddb, which takes a twentieth of the time."""
        self._remembered = remembered
        self._reader: maxminddb.Reader | None = None
        self._find = _nowhere
        self.follow(path)

    def follow(self, path: str) -> None:
        """Opens the database `path` unless it is in use; empty: none. A file that cannot be used changes nothing.

        Give a new database a new name: one that is written over is not read again, and may end the process.
        """
        if path == self.path:
            self.error = ""
            return
        reader = None
        try:
            if path:
                reader = maxminddb.open_database(path)
        except (OSError, ValueError, maxminddb.InvalidDatabaseError) as error:
            kept = f"still using {self.path}" if self.path else "no GeoIP until then"
            self.error = (
                f"resolution.geoip_database: {path}: {error}: name a MaxMind DB file that this process may read; {kept}"
            )
            log.error("%s", self.error)
            return
        # Nothing is asked of it while it is exchanged: this and `place` are of one thread.
        previous, self._reader = self._reader, reader
        self.path, self.error = path, ""
        self._find = lru_cache(self._remembered)(_finder(reader)) if reader else _nowhere
        if previous:
            previous.close()
        self.native = not isinstance(reader, maxminddb.Reader)
        if not self.native:
            log.warning(
                "maxminddb has no C extension here: GeoIP lookups take 20 us instead of 1; install its binary wheel"
            )

    def place(self, address: str) -> Place | None:
        """Of an IPv4 or IPv6 address in text; None if it is not known, or is no address."""
        try:
            if ":" in address:
                packed = socket.inet_pton(socket.AF_INET6, address)
                return self._find(packed[12:15] if packed.startswith(_MAPPED_V4) else packed[:6])
            return self._find(socket.inet_pton(socket.AF_INET, address)[:3])
        except (OSError, ValueError):
            return None

    def close(self) -> None:
        self.follow("")


def _nowhere(network: bytes) -> Place | None:
    return None


def _finder(reader: maxminddb.Reader) -> Callable[[bytes], Place | None]:
    def find(network: bytes) -> Place | None:
        """Of the first address in a network: three bytes are a /24 of IPv4, six a /48 of IPv6."""
        v4 = len(network) == 3
        first = network.ljust(4 if v4 else 16, b"\0")
        try:
            record = reader.get(socket.inet_ntop(socket.AF_INET if v4 else socket.AF_INET6, first))
        except (ValueError, maxminddb.InvalidDatabaseError):
            # An IPv6 address in a database of IPv4, or a record that is damaged.
            return None
        location = record.get("location") if isinstance(record, dict) else None
        if not isinstance(location, dict):
            return None
        latitude, longitude = location.get("latitude"), location.get("longitude")
        radius = location.get("accuracy_radius")
        if not isinstance(latitude, float | int) or not isinstance(longitude, float | int):
            return None
        return Place(float(latitude), float(longitude), float(radius) if isinstance(radius, float | int) else 0.0)

    return find
