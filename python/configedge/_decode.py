"""From a value of the configuration to an instance of a class of the service."""

from __future__ import annotations

import sys
from typing import Any

from configedge.errors import DecodeError


def decode(into: Any, key: str, value: Any, is_json: bool, is_secret: bool) -> Any:
    """`value`, or what its JSON text (UTF-8 bytes, if `is_json`) says, as an `into`.

    Pydantic models decode themselves; everything else is msgspec's: dataclasses, msgspec.Struct, TypedDict, NamedTuple,
    Enum, and generics of them. Members that the class does not have are ignored, so that operators may add some first.

    Raises DecodeError with the place of what does not fit; of a secret, with nothing but that.
    """
    pydantic: Any = sys.modules.get("pydantic")
    if pydantic is not None and isinstance(into, type) and issubclass(into, pydantic.BaseModel):
        model: Any = into
        try:
            return model.model_validate_json(value) if is_json else model.model_validate(value)
        except pydantic.ValidationError as error:
            # Without the values that were found: they may be secret.
            faults = error.errors(include_url=False, include_input=False, include_context=False)
            places = [(".".join(map(str, fault["loc"])) or "it", fault["msg"]) for fault in faults]
            told = "; ".join(f"{place}: {'of another kind' if is_secret else why}" for place, why in places)
            raise DecodeError(key, into, told) from None
    import msgspec

    try:
        return msgspec.json.decode(value, type=into) if is_json else msgspec.convert(value, type=into)
    except msgspec.ValidationError as error:
        # The message may quote the value, as that of an Enum does.
        _, at, place = str(error).rpartition(" - at ")
        raise DecodeError(key, into, f"of another kind{at}{place if at else ''}" if is_secret else str(error)) from None
