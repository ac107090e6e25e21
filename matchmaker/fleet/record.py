"""Records of `out`, in MessagePack. Each is an array: tag, the last complete snapshot's seq, then its own fields."""

from __future__ import annotations

import msgspec


class Epoch(msgspec.Struct, frozen=True, array_like=True, tag="epoch"):
    """Somebody took the partition. Its own seq is the epoch's number; who wrote before cannot append any more."""

    snapshot: int
    owner: str
    at: float


class Decision(msgspec.Struct, frozen=True, array_like=True, tag="decision"):
    """What the machine decided after it had applied `in` up to `after_in`. Holds all or nothing of it."""

    snapshot: int
    epoch: int
    after_in: int
    at: float
    records: list[bytes]


class Part(msgspec.Struct, frozen=True, array_like=True, tag="snapshot"):
    """One of `count` pieces of the state after `in` up to `after_in`. They follow each other without another between.

    `first` is the seq of the first piece; 0 in that piece itself, which cannot know it.
    """

    snapshot: int
    epoch: int
    after_in: int
    at: float
    index: int
    count: int
    first: int
    state: bytes

    @property
    def final(self) -> bool:
        return self.index == self.count - 1


Record = Epoch | Decision | Part

_encoder = msgspec.msgpack.Encoder()
_decoder: msgspec.msgpack.Decoder[Record] = msgspec.msgpack.Decoder(Record)

OVERHEAD = 256
"""Bytes, more than a record takes beside its payloads; each payload takes at most 5 more."""


class BadRecord(Exception):
    """A record is not of this form: the log is of another program, or of a newer version."""


def encode(record: Record) -> bytes:
    return _encoder.encode(record)


def decode(payload: bytes) -> Record:
    """Raises BadRecord."""
    try:
        return _decoder.decode(payload)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BadRecord(f"a record of out cannot be read ({error}); was it written by a newer version?") from error


def last_snapshot(seq: int, record: Record) -> int:
    """The seq at which the last complete snapshot begins, as of this record (whose seq is `seq`); 0 if none."""
    if isinstance(record, Part) and record.final:
        return record.first or seq
    return record.snapshot
