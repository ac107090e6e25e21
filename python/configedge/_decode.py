"""From a value of the configuration to an instance of a class of the service."""

from __future__ import annotations

import sys
from typing import Any

from configedge.errors import DecodeError


def decode(into: Any, key: str, value: Any, is_json: bool) -> Any:
    """`value`, or what its JSON text (UTF-8 bytes, if `is_json`) says, as an `into`.

    Pydantic models decode themselves; everything else is msgspec's: dataclasses, msgspec.Struct, TypedDict, NamedTuple,
    Enum, and generics of them. Members that the class does not have are ignored, so that operators may add some first.

    Raises DecodeError with the place of what does not fit.
    """
    pydantic: Any = sys.modules.get("pydantic")
    if pydantic is not None and isinstance(into, type) and issubclass(into, pydantic.BaseModel):
        model: Any = into
        try:
            return model.model_validate_json(value) if is_json else model.model_validate(value)
        except pydantic.ValidationError as error:
            # Without the values that were found: they may be secret.
            faults = error.errors(include_url=False, include_input=False, include_context=False)
            told = "; ".join(f"{'.'.join(map(str, fault['loc'])) or 'it'}: {fault['msg']}" for fault in faults)
            raise DecodeError(key, into, told) from None
    import msgspec

    try:
        return msgspec.json.decode(value, type=into) if is_json else msgspec.convert(value, type=into)
    except msgspec.ValidationError as error:
        raise DecodeError(key, into, str(error)) from None
