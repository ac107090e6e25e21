"""What goes over gRPC: small messages, made and read by msgspec, which costs less than protobuf's Python classes."""

from __future__ import annotations

from typing import Any

import msgspec

CONFIG, CAPACITY = "veltrix.Config", "veltrix.Capacity"


class Ask(msgspec.Struct, array_like=True, gc=False):
    bundle: str
    have: int = 0
    """The version that the caller has: if it is the present one, the answer has no values."""


class Told(msgspec.Struct, array_like=True, gc=False):
    version: int
    values: dict[str, Any] | None = None


class Stall(msgspec.Struct, array_like=True, gc=False):
    seconds: float


encode = msgspec.msgpack.encode
ask = msgspec.msgpack.Decoder(Ask).decode
told = msgspec.msgpack.Decoder(Told).decode
stall = msgspec.msgpack.Decoder(Stall).decode
loads = msgspec.msgpack.Decoder(dict[str, float]).decode
