"""Commits written through to a legacy Redis, so that services that read it keep working during a migration.

What belongs to a commit is one transaction in Redis: the values, what the mirror knows of them, and the commit itself.
So a mirror that was killed goes on where it was, and two of them do no harm.

Two hashes are the mirror's own: NAME has commit, committed_at, mirrored_at (Unix seconds) and map; NAME:keys has each
key or hash field that it keeps, with a digest of what it wrote. It deletes nothing that is not in there.
"""

from __future__ import annotations

import hashlib
import json
import random
import time
from collections.abc import Callable, Container, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from configedge.bundle import BundlePath, dump_json
from configedge.migrate import text, units
from configedge.migrate.harvest import SourceError, shown
from configedge.migrate.legacy import Legacy
from configedge.migrate.map import Form, LegacyMap
from configedge.migrate.units import Unit, Written

NAME = "configedge:mirror"
Values = Mapping[BundlePath, dict[str, Any]]
"""What nodes get of each bundle; empty for one that was deleted. Keys of others are left as they are."""

_PAGE = 500
_TRIES = 20
_TYPES = {Form.keys: b"string", Form.json: b"string", Form.hash: b"hash", Form.redisjson: b"ReJSON-RL"}


@dataclass(slots=True)
class Applied:
    """What came of one commit."""

    commit: str
    written: list[Unit] = field(default_factory=list)
    deleted: list[Unit] = field(default_factory=list)
    foreign: list[str] = field(default_factory=list)
    """Keys that somebody else had changed, and that are written over."""
    problems: list[str] = field(default_factory=list)
    """What was not written, and why."""


@dataclass(frozen=True, slots=True)
class State:
    commit: str = ""
    committed_at: float = 0.0
    map: str = ""


class Mirror:
    """The writing half. Raises SourceError if its own keys are in the map, and for whatever Redis refuses."""

    def __init__(
        self,
        legacy: Legacy,
        wanted: LegacyMap,
        layer: str = "",
        name: str = NAME,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._legacy = legacy
        self._map = wanted
        self._state, self._keys = name, f"{name}:keys"
        self._clock = clock
        self._digest = hashlib.sha256(f"{layer}\n{wanted!r}".encode()).hexdigest()[:16]
        for own in (self._state, self._keys):
            if wanted.place(own) is not None:
                raise SourceError(f"the map is for {own}, which the mirror needs for itself; add it under skip:")

    def state(self) -> State:
        """Where it was. Nothing if the map or the layer was another one, so that all is looked at again."""
        with self._legacy.asking():
            raw: dict[bytes, bytes] = self._legacy.pipeline().hgetall(self._state).execute()[0]
        found = {name.decode(): value.decode(errors="replace") for name, value in raw.items()}
        if found.get("map") != self._digest:
            return State()
        return State(found.get("commit", ""), float(found.get("committed_at", 0)), self._digest)

    def apply(
        self, commit: str, committed_at: float, values: Values, *, whole: bool = False, dry_run: bool = False
    ) -> Applied:
        """Makes Redis say what these bundles say. Writes only what is not so already.

        `whole`: they are all bundles of the map that are known, so that what is outside the map by now is let go.
        """
        with self._legacy.asking():
            for number in range(_TRIES):
                if (done := self._try(commit, committed_at, values, whole, dry_run)) is not None:
                    return done
                time.sleep(random.uniform(0.0, min(0.5, 0.002 * 2**number)))
        raise SourceError(f"Redis at {self._legacy.name}: another mirror writes {self._state} all the time; stop one")

    def _try(self, commit: str, committed_at: float, values: Values, whole: bool, dry_run: bool) -> Applied | None:
        """None: somebody else wrote meanwhile."""
        from redis import WatchError

        done = Applied(commit)
        wanted: dict[Unit, Written] = {}
        for bundle, content in values.items():
            made = units.of(self._map, bundle, content)
            wanted |= made.found
            done.problems += made.outside
        with self._legacy.pipeline(transaction=True) as pipe:
            pipe.watch(self._state, self._keys)
            kept = {_unit(raw): digest.decode() for raw, digest in pipe.hgetall(self._keys).items()}
            gone, let_go = self._gone(kept, wanted, values.keys(), whole)
            looked_at = [*wanted, *gone]
            types = self._types(looked_at)
            present = self._present(looked_at, types)
            pipe.multi()
            # What is deleted may be in the way of what is written.
            for unit in gone:
                self._delete(pipe, unit, present.get(unit), kept[unit], done)
            free = {unit.key for unit in gone if not unit.field}
            for unit, written in wanted.items():
                if self._fits(unit, written, types, free, done):
                    self._write(pipe, unit, written, present.get(unit), kept.get(unit), done)
            for unit in let_go:
                pipe.hdel(self._keys, _name(unit))
            now = self._clock()
            state = {"commit": commit, "committed_at": committed_at, "mirrored_at": now, "map": self._digest}
            pipe.hset(self._state, mapping=state)
            for told in self._messages(done):
                pipe.publish(self._map.channel, told)
            if dry_run:
                return done
            try:
                pipe.execute()
            except WatchError:
                return None
        return done

    def _gone(
        self, kept: Iterable[Unit], wanted: Mapping[Unit, Written], bundles: Container[BundlePath], whole: bool
    ) -> tuple[list[Unit], list[Unit]]:
        """What is to be deleted, and what is outside the map by now and so is only forgotten."""
        gone, let_go = [], []
        for unit in kept:
            if unit in wanted:
                continue
            placed = self._map.place(unit.key)
            if placed is None:
                let_go += [unit] if whole else []
            elif placed[0].bundle in bundles:
                gone.append(unit)
        return gone, let_go

    def _types(self, wanted: Iterable[Unit]) -> dict[str, bytes]:
        keys = list(dict.fromkeys(unit.key for unit in wanted))
        return dict(zip(keys, self._ask([("TYPE", key) for key in keys]), strict=True))

    def _present(self, looked_at: list[Unit], types: Mapping[str, bytes]) -> dict[Unit, bytes]:
        """What Redis has, as far as it is of the type that a unit has."""
        asked: dict[Unit, tuple[str, ...]] = {}
        for unit in looked_at:
            kind = types[unit.key]
            if unit.field and kind == b"hash":
                asked[unit] = ("HGET", unit.key, unit.field)
            elif not unit.field and kind == b"string":
                asked[unit] = ("GET", unit.key)
            elif not unit.field and kind == b"ReJSON-RL":
                asked[unit] = ("JSON.GET", unit.key)
        found = dict(zip(asked, self._ask(list(asked.values())), strict=True))
        return {
            unit: raw if asked[unit][0] != "JSON.GET" else dump_json(json.loads(raw))
            for unit, raw in found.items()
            if raw is not None
        }

    def _ask(self, commands: list[tuple[str, ...]]) -> list[Any]:
        answers: list[Any] = []
        for start in range(0, len(commands), _PAGE):
            pipe = self._legacy.pipeline()
            for command in commands[start : start + _PAGE]:
                pipe.execute_command(*command)
            answers += pipe.execute()
        return answers

    def _fits(self, unit: Unit, written: Written, types: Mapping[str, bytes], free: set[str], done: Applied) -> bool:
        """Whether nothing of another type is in the way."""
        kind, needed = types[unit.key], _TYPES[written.form]
        if kind in (b"none", needed) or unit.key in free:
            return True
        told = f"{shown(unit.key)} is a {kind.decode()} in Redis, and {written.path} would be a {needed.decode()}"
        done.problems.append(f"{told}; correct forms: in the map, or delete the key")
        return False

    def _write(
        self, pipe: Any, unit: Unit, written: Written, present: bytes | None, kept: str | None, done: Applied
    ) -> None:
        new = written.text
        if present is not None and _same(present, written):
            if kept != _sha(present):
                pipe.hset(self._keys, _name(unit), _sha(present))
            return
        if present is not None and kept not in (None, _sha(present)):
            done.foreign.append(_label(unit))
        if unit.field:
            pipe.hset(unit.key, unit.field, new)
        elif written.form is Form.redisjson:
            pipe.execute_command("JSON.SET", unit.key, "$", new)
        else:
            pipe.set(unit.key, new)
        pipe.hset(self._keys, _name(unit), _sha(new.encode()))
        done.written.append(unit)

    def _delete(self, pipe: Any, unit: Unit, present: bytes | None, kept: str, done: Applied) -> None:
        pipe.hdel(self._keys, _name(unit))
        if present is None:
            return
        if _sha(present) != kept:
            done.foreign.append(_label(unit))
        if unit.field:
            pipe.hdel(unit.key, unit.field)
        else:
            pipe.delete(unit.key)
        done.deleted.append(unit)

    def _messages(self, done: Applied) -> list[str]:
        keys = list(dict.fromkeys(unit.key for unit in (*done.written, *done.deleted)))
        if not self._map.channel or not keys:
            return []
        each = keys if "{key}" in self._map.message else keys[:1]
        return [self._map.message.replace("{key}", key).replace("{commit}", done.commit) for key in each]


def _same(present: bytes, written: Written) -> bool:
    try:
        told = present.decode()
    except UnicodeDecodeError:
        return False
    if written.form is Form.redisjson:
        return text.same(told, written.value, text.Type.json)
    return text.same(told, written.value, written.kind)


def _sha(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:16]


def _name(unit: Unit) -> str:
    """How NAME:keys calls it."""
    return json.dumps(unit, ensure_ascii=False)


def _unit(name: bytes) -> Unit:
    return Unit(*json.loads(name))


def _label(unit: Unit) -> str:
    return shown(f"{unit.key} {unit.field}".rstrip())
