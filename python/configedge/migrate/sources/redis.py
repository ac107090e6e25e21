"""A running Redis: strings, hashes, and RedisJSON's documents, found by SCAN, a bounded number at a time."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any

from configedge.bundle import BundleError, load_json
from configedge.migrate.harvest import MAX_VALUE, MAX_VALUES, Found, Harvest, SourceError, shown
from configedge.migrate.legacy import Legacy
from configedge.migrate.map import Form, LegacyMap

_PAGE = 500
_MOST_FIELDS = 10_000
_KNOWN = (b"string", b"hash", b"ReJSON-RL")


def read(legacy: Legacy, wanted: LegacyMap, take_expiring: bool = False) -> Harvest:
    """All keys that the map's rules are for. Raises SourceError.

    Keys that expire are caches or locks rather than configuration; they are left out unless `take_expiring`. SCAN is
    no snapshot: what is written meanwhile may be seen or not.
    """
    harvest = Harvest(f"Redis at {legacy.name}")
    with legacy.asking():
        keys = iter(sorted(_keys(legacy, wanted, harvest)))
        while page := list(islice(keys, _PAGE)):
            _read_page(legacy, page, harvest, take_expiring)
    return harvest


def _keys(legacy: Legacy, wanted: LegacyMap, harvest: Harvest) -> set[str]:
    found = {key for rule in wanted.rules for key in rule.keys if legacy.redis.exists(key)}
    for prefix in wanted.prefixes():
        pattern = re.sub(r"([*?\[\]\\])", r"\\\1", prefix) + "*"
        for raw in legacy.redis.scan_iter(match=pattern, count=_PAGE):
            try:
                key = raw.decode()
            except UnicodeDecodeError:
                harvest.refuse(shown(raw), "binary", "its name is binary, and no UTF-8", "rename or delete it in Redis")
                continue
            if wanted.place(key) is not None:
                found.add(key)
            if len(found) > MAX_VALUES:
                hint = "give the map longer prefixes and import in parts"
                raise SourceError(f"{harvest.source} has more than {MAX_VALUES:,} keys that are mapped; {hint}")
    return found


def _read_page(legacy: Legacy, keys: Sequence[str], harvest: Harvest, take_expiring: bool) -> None:
    pipe = legacy.pipeline()
    for key in keys:
        pipe.type(key).pttl(key)
    answers = pipe.execute()
    typed: dict[bytes, list[str]] = {kind: [] for kind in _KNOWN}
    for key, kind, expires_ms in zip(keys, answers[::2], answers[1::2], strict=True):
        if kind in typed and expires_ms >= 0 and not take_expiring:
            harvest.leave_out(key, f"it expires in {expires_ms / 1000:,.0f} s (--take-expiring takes it)")
        elif kind in typed:
            typed[kind].append(key)
        elif kind != b"none":
            message = f"it is a {kind.decode(errors='replace')}; strings, hashes and JSON can be imported"
            harvest.refuse(key, "type", message, "name it under skip: in the map, or make it one of these")
    _strings(legacy, typed[b"string"], harvest)
    for key in typed[b"hash"]:
        _hash(legacy, key, harvest)
    for key in typed[b"ReJSON-RL"]:
        _document(legacy, key, harvest)


def _strings(legacy: Legacy, keys: Sequence[str], harvest: Harvest) -> None:
    # Their lengths first: a string may have 512 MiB.
    for key, raw in _each(legacy, "getrange", _short(legacy, keys, harvest), 0, MAX_VALUE):
        harvest.text(key, raw)


def _short(legacy: Legacy, keys: Sequence[str], harvest: Harvest) -> list[str]:
    found = []
    for key, length in _each(legacy, "strlen", keys):
        if length > MAX_VALUE:
            message = f"{length:,} bytes, and the limit is {MAX_VALUE:,}"
            harvest.refuse(key, "limit", message, "name it under skip: in the map if it is no configuration")
        else:
            found.append(key)
    return found


def _each(legacy: Legacy, command: str, keys: Sequence[str], *rest: Any) -> Iterator[tuple[str, Any]]:
    pipe = legacy.pipeline()
    for key in keys:
        pipe.execute_command(command.upper(), key, *rest)
    return zip(keys, pipe.execute(), strict=True)


def _hash(legacy: Legacy, key: str, harvest: Harvest) -> None:
    fields: dict[str, str] = {}
    size = 0
    for name, raw in legacy.redis.hscan_iter(key, count=_PAGE):
        size += len(name) + len(raw)
        if size > MAX_VALUE or len(fields) >= _MOST_FIELDS:
            message = f"a hash of more than {MAX_VALUE:,} bytes or {_MOST_FIELDS:,} fields"
            harvest.refuse(key, "limit", message, "name it under skip: in the map if it is no configuration")
            return
        label = harvest.decoded(f"{key} {shown(name)}", name)
        value = harvest.decoded(f"{key} {shown(name)}", raw)
        if label is not None and value is not None:
            fields[label] = value
    harvest.add(Found(key, fields, form=Form.hash))


def _document(legacy: Legacy, key: str, harvest: Harvest) -> None:
    [(_, raw)] = _each(legacy, "json.get", [key])
    text = harvest.decoded(key, raw)
    if text is None:
        return
    try:
        harvest.add(Found(key, load_json(text.encode(), ""), typed=True, form=Form.redisjson))
    except BundleError as error:
        harvest.refuse(key, "json-syntax", str(error.problems[0]), "correct the document in Redis")
