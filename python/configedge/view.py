"""A section of the configuration, held, with its members as attributes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, NoReturn


class View:
    """A section in one generation: its members are attributes, and stay as they are. Made by `Reader.view`.

    `view["name"]` is for names that are no identifiers, or begin with `__`. Objects inside are views, arrays tuples.

    A class of Python on purpose: the interpreter reads an attribute of one in less time than it calls into a compiled
    type (0.4 against 0.5 of a dict lookup; on a distribution's build 0.5 against 0.8; `benches/read.py`). So it has no
    `__getattr__`, either.
    """

    def __init__(self, members: dict[str, Any]) -> None:
        vars(self).update(members)

    if TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any: ...

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise AttributeError(f"{name!r} cannot be set: a configuration is read-only here, push the change instead")

    def __delattr__(self, name: str) -> NoReturn:
        raise AttributeError(f"{name!r} cannot be deleted: a configuration is read-only here, push the change instead")

    def __getitem__(self, name: str) -> Any:
        return vars(self)[name]

    def __contains__(self, name: object) -> bool:
        return name in vars(self)

    def __iter__(self) -> Iterator[str]:
        return iter(vars(self))

    def __len__(self) -> int:
        return len(vars(self))

    def __dir__(self) -> Iterator[str]:
        return iter(vars(self))

    def __eq__(self, other: object) -> bool:
        if isinstance(other, View):
            return vars(self) == vars(other)
        return isinstance(other, Mapping) and vars(self) == other

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        # Without the values: they may be secret, and a view may end in a log.
        return f"<View of {', '.join(self) or 'nothing'}>"
