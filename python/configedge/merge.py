"""Two people changed a document: both changes in one, and where they do not go together."""

from __future__ import annotations

from typing import Any

_MISSING: Any = object()


def merge(base: Any, mine: Any, theirs: Any) -> tuple[Any, list[str]]:
    """JSON values of which `mine` and `theirs` both came from `base`.

    Gives the merged value, and the dotted keys that both changed in different ways; there it has mine. Objects are
    merged by member, everything else is taken whole. The order of members is theirs.
    """
    conflicts: list[str] = []
    return _merge("", base, mine, theirs, conflicts), conflicts


def _merge(key: str, base: Any, mine: Any, theirs: Any, conflicts: list[str]) -> Any:
    if _same(mine, theirs) or _same(base, mine):
        return theirs
    if _same(base, theirs):
        return mine
    if isinstance(mine, dict) and isinstance(theirs, dict):
        before = base if isinstance(base, dict) else {}
        merged = {}
        for name in dict.fromkeys([*theirs, *mine]):
            inner = f"{key}.{name}" if key else name
            was, my, their = (side.get(name, _MISSING) for side in (before, mine, theirs))
            if (value := _merge(inner, was, my, their, conflicts)) is not _MISSING:
                merged[name] = value
        return merged
    conflicts.append(key)
    return mine


def _same(one: Any, other: Any) -> bool:
    # 1, 1.0 and True are equal to Python, and not to whoever reads them.
    if type(one) is not type(other):
        return False
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(_same(value, other[name]) for name, value in one.items())
    if isinstance(one, list):
        return len(one) == len(other) and all(map(_same, one, other))
    return one is other or bool(one == other)
