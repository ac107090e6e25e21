"""The compiled part of configedge: reading snapshots, checking bundles, writing snapshots for tests."""

import os
from collections.abc import Iterator, Mapping
from typing import Any, Final, Generic, TypeVar, final, overload

from typing_extensions import disjoint_base

__all__ = ["Handle", "Health", "Publisher", "Reader", "Snapshot", "__version__", "check_bundle"]

_T = TypeVar("_T")
_D = TypeVar("_D")
_T_co = TypeVar("_T_co", covariant=True)

__version__: Final[str]

@disjoint_base
class Reader:
    """The newest configuration of a snapshot directory. `configedge.open` gives one that can also `watch`."""

    def __new__(cls, path: str | os.PathLike[str], wait: float = 0.0) -> Reader:
        """Attaches to the directory at `path`, waiting up to `wait` seconds for its first snapshot.

        Raises OpenError (an OSError) if there is none by then, or if the directory must not be trusted.
        """
    def __getitem__(self, key: str, /) -> Any:
        """The value of `key` now: None, bool, int, float, str, bytes, a tuple, or a read-only mapping.

        Raises MissingKeyError (a KeyError) if there is no such key, TypeError if `key` is not a str.
        """
    @overload
    def get(self, key: str, /) -> Any:
        """The value of `key` now, or None if there is no such key."""
    @overload
    def get(self, key: str, default: _D, /) -> Any | _D:
        """The value of `key` now, or `default` if there is no such key."""
    def __contains__(self, key: str, /) -> bool: ...
    @overload
    def handle(self, key: str, *, type: None = None) -> Handle[Any]: ...
    @overload
    def handle(self, key: str, *, type: type[_T]) -> Handle[_T]: ...
    @overload
    def handle(self, key: str, default: _D, type: None = None) -> Handle[Any | _D]: ...
    @overload
    def handle(self, key: str, default: _D, type: type[_T]) -> Handle[_T | _D]:
        """Reads one key again and again; the quickest way to do so.

        With `default`, a missing key reads as that. With `type`, an int is taken where a float is wanted.
        Raises MissingKeyError and TypeError now, and when a later value is missing or of another type.
        """
    def snapshot(self) -> Snapshot:
        """The newest snapshot; the same object until something else is published."""
    def health(self) -> Health:
        """What the reader knows of itself and its relay. Also finds out whether the directory was replaced."""
    def wait(self, generation: int, timeout: float) -> int:
        """Sleeps while `generation` is what is read, for `timeout` seconds or less; gives the generation read then.

        Woken by the publish itself. May come back early: look at the result.
        """
    @property
    def generation(self) -> int:
        """The generation read now."""
    @property
    def commit(self) -> str:
        """The Git commit of the generation read now, as hexadecimal text; empty if the relay was not told."""
    @property
    def path(self) -> os.PathLike[str]:
        """The snapshot directory."""

@final
class Handle(Generic[_T_co]):
    """One key, read again and again: `handle()`, `handle.value`, `if handle:`. Made by `Reader.handle`."""

    def __call__(self) -> _T_co:
        """The value now; the same object until the key's value changes."""
    def __bool__(self) -> bool:
        """Whether the value now is true."""
    @property
    def value(self) -> _T_co:
        """The value now; the same as calling the handle."""
    @property
    def key(self) -> str:
        """The key it reads."""

@final
class Snapshot(Mapping[str, Any]):
    """One generation of the configuration: an immutable mapping from key to value."""

    def __getitem__(self, key: str, /) -> Any: ...
    def __iter__(self) -> Iterator[str]: ...
    def __len__(self) -> int: ...
    def keys(self, prefix: str = "") -> list[str]:  # type: ignore[override]
        """The keys that begin with `prefix`, sorted."""
    def values(self) -> list[Any]: ...  # type: ignore[override]
    def items(self) -> list[tuple[str, Any]]: ...  # type: ignore[override]
    @overload
    def get(self, key: str, /) -> Any: ...
    @overload
    def get(self, key: str, default: _D, /) -> Any | _D:
        """The value of `key`, or `default` if there is no such key."""
    def changed(self, key: str) -> int:
        """The generation in which `key` got the value it has here. Raises MissingKeyError if there is no such key."""
    def changed_since(self, older: Snapshot, section: str = "") -> list[str]:
        """The keys that were added, removed or got another value since `older`, sorted; or of one section."""
    def to_dict(self, key: str | None = None) -> Any:
        """The section `key` as new dicts and lists; without a key, all bundles by name.

        Raises MissingKeyError if there is no such key.
        """
    @property
    def generation(self) -> int:
        """Counts up with each publish; compares within one instance."""
    @property
    def instance(self) -> int:
        """Identifies the snapshot directory; changes only when that is made anew."""
    @property
    def commit(self) -> str:
        """The Git commit it came from, as hexadecimal text; empty if the relay was not told."""
    @property
    def created_at(self) -> float:
        """When it was built, in seconds since the Unix epoch."""

@final
class Health:
    """What a reader knows of itself and its relay, at one moment. Ages are in seconds."""

    @property
    def ok(self) -> bool:
        """Whether the newest snapshot is read and the relay is alive."""
    @property
    def generation(self) -> int:
        """Generation read now."""
    @property
    def announced(self) -> int:
        """Newest generation announced; above `generation` only if it could not be taken."""
    @property
    def commit(self) -> str:
        """Git commit of the generation read now."""
    @property
    def keys(self) -> int: ...
    @property
    def bytes(self) -> int: ...
    @property
    def age(self) -> float:
        """Seconds since the snapshot was built."""
    @property
    def relay_silent_for(self) -> float:
        """Seconds since the relay's last heartbeat."""
    @property
    def relay_pid(self) -> int: ...
    @property
    def relay_alive(self) -> bool: ...
    @property
    def switches(self) -> int:
        """Snapshots switched to since the reader was opened."""
    @property
    def failures(self) -> int:
        """Snapshots that could not be taken since the reader was opened."""
    @property
    def last_error(self) -> str:
        """Why the newest snapshot could not be taken; empty if it was."""

@final
class Publisher:
    """The one writer of a snapshot directory. `configedge.testing` is its public face."""

    def __new__(cls, path: str | os.PathLike[str]) -> Publisher:
        """Takes the directory at `path` over, made if it is missing. Raises OSError if that cannot be done."""
    def publish(self, bundles: dict[str, Any], commit: str = "") -> int:
        """Publishes `bundles` (name -> values) as the whole configuration; gives the generation.

        Raises TypeError for a value that JSON has no type for, ValueError for a key or size over a limit, OSError if
        nothing could be written.
        """
    def heartbeat(self) -> None:
        """Tells readers that their relay is alive."""

def check_bundle(text: bytes, file: str, /) -> tuple[bytes | None, list[dict[str, Any]]]:
    """Checks one ConfigBundle document: syntax, envelope, limits, schema.

    `file` names it in problems; a name that ends in `.json` is read as JSON, any other as YAML. Gives the whole
    document as compact JSON, or None if it cannot be read as a bundle, and a list of problems (dicts with file, key,
    line, column, code, message, hint), which is empty if the document may be published.
    """
