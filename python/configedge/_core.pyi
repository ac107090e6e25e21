"""The compiled part of configedge: reading snapshots, checking bundles, writing snapshots for tests."""

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final, Generic, Literal, Self, TypeVar, final, overload

from typing_extensions import disjoint_base

from configedge.view import View
from configedge.watch import Change, Watch

__all__ = [
    "CheckedBundle",
    "Diff",
    "Handle",
    "Health",
    "Policies",
    "Publisher",
    "Reader",
    "Snapshot",
    "__version__",
    "check_bundle",
    "policy_digest",
]

_T = TypeVar("_T")
_D = TypeVar("_D")
_T_co = TypeVar("_T_co", covariant=True)

__version__: Final[str]

@disjoint_base
class Reader:
    """The newest configuration of a snapshot directory. `configedge.open` gives one.

    `reader[key]`, `reader.get(key, default)` and `key in reader` read what is published now. No read blocks, and none
    raises because of what the relay does: while the newest snapshot cannot be taken the one before is served, and
    `health()` says why. Safe to share between threads, and to inherit over fork.
    """

    def __new__(cls, path: str | os.PathLike[str], wait: float = 0.0) -> Self:
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

        With `default`, a missing key reads as that. With `type`, the value has that type: an int is taken where a float
        is wanted, and a type that JSON has none of (a dataclass, msgspec.Struct, pydantic model, Enum, union) is made
        of the value once a change. Raises MissingKeyError, TypeError or DecodeError now if the key is missing or does
        not fit; a later value that does not is told by `health()` and in the log, and the last good one is given on.
        """
    def many(self, keys: Iterable[str], /) -> tuple[Any, ...]:
        """The values of all `keys`, all of one generation.

        Quickest with a constant tuple. Raises MissingKeyError if one is missing.
        """
    @overload
    def view(self, section: str, /, into: None = None) -> View: ...
    @overload
    def view(self, section: str, /, into: type[_T]) -> _T:
        """A section, held: its members are attributes, and stay as they are for as long as it is kept.

        With `into`, an instance of that dataclass, msgspec.Struct or pydantic model. Gives the same object until
        something in the section changes. Raises MissingKeyError, TypeError if it is no section, DecodeError if it does
        not fit `into`; but once it did, a later section that does not is told by `health()` and in the log, and the
        last good one is given on.
        """
    def snapshot(self) -> Snapshot:
        """The newest snapshot; the same object until something else is published."""
    def health(self) -> Health:
        """What the reader knows of itself and its relay. Also finds out whether the directory was replaced."""
    def watch(self, key: str = "", callback: Callable[[Change], object] | None = None) -> Watch:
        """Changes from now on of `key`, of everything below it, of all keys that begin with it if it ends in `*`, or of
        everything if it is empty.

        Iterate with `for` or `async for`, or call `next_change(timeout)`. With a `callback` it is called with each
        change, in a thread that all callbacks and `async for` loops of a reader share; `close()` ends it. Changes that
        come quicker than they are taken are merged into one.
        """
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
class Diff:
    """What changed from one snapshot to another, by key: of values, not of the containers around them."""

    @property
    def added(self) -> dict[str, Any]: ...
    @property
    def removed(self) -> dict[str, Any]: ...
    @property
    def changed(self) -> dict[str, tuple[Any, Any]]:
        """Old and new value by key."""
    def __len__(self) -> int: ...
    def __bool__(self) -> bool: ...

@final
class Snapshot(Mapping[str, Any]):
    """One generation of the configuration: an immutable mapping from key to value."""

    @staticmethod
    def open(path: str | os.PathLike[str]) -> Snapshot:
        """The snapshot in one file, such as the relay's durable copy. Raises OpenError if it is not a whole one."""
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
    def is_secret(self, key: str) -> bool:
        """Whether tools should not show the value to people. Raises MissingKeyError if there is no such key."""
    def memoryview(self, key: str) -> memoryview:
        """The bytes of a string (UTF-8), of bytes, of a container's JSON text or of a big integer, in the map.

        Nothing is copied. Raises MissingKeyError if there is no such key, TypeError for any other value.
        """
    @overload
    def view(self, key: str, into: None = None) -> View: ...
    @overload
    def view(self, key: str, into: type[_T]) -> _T:
        """A section of this snapshot, as in `Reader.view`, made anew each time."""
    def diff(self, older: Snapshot, section: str = "") -> Diff:
        """What this says that `older` did not: of `section` and below, or of all that begins so if it ends in `*`."""
    def changed_since(self, older: Snapshot, section: str = "") -> list[str]:
        """The keys that were added, removed or got another value since `older`, and their containers, sorted.

        With a `section`, as in `diff`.
        """
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
        """Whether the newest snapshot is read, all of it fits its handles and views, and the relay is alive."""
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
    def relay_state(self) -> Literal["running", "stale", "stopped"]:
        """What the relay last said of itself: "stale" if it could not publish all of what arrived last."""
    @property
    def switches(self) -> int:
        """Snapshots switched to since the reader was opened."""
    @property
    def failures(self) -> int:
        """Snapshots that could not be taken since the reader was opened."""
    @property
    def last_error(self) -> str:
        """Why the newest snapshot could not be taken; empty if it was."""
    @property
    def rejected(self) -> dict[str, str]:
        """Why handles and views keep an older value: the newest did not fit when they were last read. By key."""

@final
class Publisher:
    """The one writer of a snapshot directory. `configedge.testing` is its public face."""

    def __new__(cls, path: str | os.PathLike[str]) -> Publisher:
        """Takes the directory at `path` over, made if it is missing. Raises OSError if that cannot be done."""
    def publish(self, bundles: dict[str, Any], commit: str = "", secrets: list[str] = ...) -> int:
        """Publishes `bundles` (name -> values) as the whole configuration; gives the generation.

        The values of `secrets` (keys) are marked for tools not to show.

        Raises TypeError for a value that JSON has no type for, ValueError for a key or size over a limit, OSError if
        nothing could be written.
        """
    def heartbeat(self) -> None:
        """Tells readers that their relay is alive."""
    def set_stale(self, stale: bool) -> None:
        """Tells readers whether what is published may be behind."""

@final
class Policies:
    """Policies that bundles may name: the content of a directory `policies`, by file name (`manifest.yaml`, modules).

    Modules are compiled when a bundle first names them. Safe to share between threads.
    """

    def __new__(cls, files: Mapping[str, bytes], /) -> Self: ...
    def problems(self) -> list[tuple[str, str]]:
        """What is wrong with the manifest and the modules in it, each tried: pairs of a file's name and what."""

def policy_digest(module: bytes, /) -> str:
    """What a manifest says of a module: `sha256:` and 64 hexadecimal digits."""

@final
class CheckedBundle:
    """What came of the check of one document."""

    @property
    def document(self) -> bytes | None:
        """The whole document as compact JSON; None if it cannot be read as a bundle."""

    @property
    def problems(self) -> list[dict[str, Any]]:
        """Why it must not be published (file, key, line, column, code, message, hint); empty if it may."""

    @property
    def warnings(self) -> list[dict[str, Any]]:
        """What policies that accept it say of it, in the same shape."""

    @property
    def derived(self) -> bytes | None:
        """The values with what policies derived, as compact JSON; None if none did."""

    @property
    def size(self) -> tuple[int, int]:
        """Keys, and bytes of the values as compact JSON, with what policies derived."""

def check_bundle(
    text: bytes, file: str, policies: Policies | None = None, served: tuple[int, int] | None = None, /
) -> CheckedBundle:
    """Checks one ConfigBundle document: syntax, envelope, limits, schema, policies, and its size.

    `file` names it in problems; a name that ends in `.json` is read as JSON, any other as YAML. `served` is the `size`
    of what it would replace: without it, or with the annotation that allows it, any size will do.
    """
