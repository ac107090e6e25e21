"""What can go wrong for a reader."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from configedge._core import Snapshot


class OpenError(OSError):
    """There is no snapshot directory at the path, nothing is published in it, or it must not be trusted."""


class MissingKeyError(KeyError):
    """There is no such key in the configuration. `key` is it; the message names the nearest ones."""

    _message: str

    def __init__(self, key: str, snapshot: Snapshot) -> None:
        super().__init__(key)
        self.key = key
        self._snapshot: Snapshot | None = snapshot

    def __reduce__(self) -> tuple[object, ...]:
        # A snapshot is of its process: what crosses to another is the message.
        return _restored, (type(self), (self.key,), {"key": self.key, "_snapshot": None, "_message": str(self)})

    def __str__(self) -> str:
        # Composed only when somebody looks: services catch KeyError on paths where a scan of all keys would be felt.
        if self._snapshot is None:
            return self._message

        import difflib

        near = difflib.get_close_matches(self.key, list(self._snapshot)[:10_000], n=3, cutoff=0.7)
        hint = f"; nearest: {', '.join(near)}" if near else ""
        return f"{self.key!r} is not in the configuration (generation {self._snapshot.generation}){hint}"


class DecodeError(ValueError):
    """A value does not fit the class that it is wanted as. `key` is it, `into` the class."""

    def __init__(self, key: str, into: object, why: str) -> None:
        name = getattr(into, "__name__", repr(into))
        super().__init__(f"{key} does not fit {name}: {why}: correct the bundle or the class")
        self.key = key
        self.into = into

    def __reduce__(self) -> tuple[object, ...]:
        return _restored, (type(self), self.args, {"key": self.key, "into": self.into})


def _restored(kind: type[Exception], args: tuple[object, ...], state: dict[str, object]) -> Exception:
    """An error as it was in the process that pickled it."""
    error = kind.__new__(kind)
    error.args = args
    vars(error).update(state)
    return error
