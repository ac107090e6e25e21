"""What `consul kv export` and `etcdctl get --prefix -w json` print."""

from __future__ import annotations

import base64
import binascii
from pathlib import Path
from typing import Any

from configedge.migrate.harvest import Harvest, SourceError
from configedge.migrate.map import LegacyMap
from configedge.migrate.sources.files import load_json_file


def read_consul(file: Path, legacy: LegacyMap) -> Harvest:
    """An array of objects with `key` and, in base64, `value`. Raises SourceError."""
    items = load_json_file(file)
    if not isinstance(items, list):
        raise SourceError(f"{file} is no array; give what `consul kv export` printed")
    harvest = Harvest(str(file))
    for at, item in enumerate(items):
        key = item.get("key") if isinstance(item, dict) else None
        if not isinstance(key, str):
            raise SourceError(f"{file}: item {at} has no key; give what `consul kv export` printed")
        raw = _decode(item.get("value"), f"{file}: the value of {key}")
        # Folders are keys, too.
        if not (key.endswith("/") and not raw):
            _take(harvest, legacy, key, raw)
    return harvest


def read_etcd(file: Path, legacy: LegacyMap, take_expiring: bool) -> Harvest:
    """An object whose `kvs` have key and value in base64. Raises SourceError."""
    content = load_json_file(file)
    items = content.get("kvs", []) if isinstance(content, dict) and "header" in content else None
    if not isinstance(items, list):
        raise SourceError(f"{file} has no kvs; give what `etcdctl get --prefix '' -w json` printed")
    if content.get("more"):
        raise SourceError(f"{file} is cut off ({content.get('count')} keys are in etcd); export without --limit")
    harvest = Harvest(str(file))
    for at, item in enumerate(items):
        raw_key = _decode(item.get("key") if isinstance(item, dict) else None, f"{file}: the key of item {at}")
        try:
            key = raw_key.decode()
        except UnicodeDecodeError:
            if any(raw_key.startswith(prefix.encode()) for prefix in legacy.prefixes()):
                harvest.refuse(repr(raw_key), "binary", "its key is no UTF-8", "export a prefix without it")
            continue
        if item.get("lease") and not take_expiring and legacy.place(key):
            harvest.leave_out(key, "it has a lease, so it expires (--take-expiring takes it)")
            continue
        _take(harvest, legacy, key, _decode(item.get("value", ""), f"{file}: the value of {key}"))
    return harvest


def _take(harvest: Harvest, legacy: LegacyMap, key: str, raw: bytes) -> None:
    if legacy.place(key) is not None:
        harvest.text(key, raw)
    elif not legacy.skips(key):
        harvest.leave_out(key, "no rule of the map is for it")


def _decode(text: Any, what: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True) if text is not None else b""
    except (TypeError, ValueError, binascii.Error):
        raise SourceError(f"{what} is no base64; give the file as it was exported") from None
