"""A partition's state out of its logs: the last snapshot, then `in` and `out` woven together as they were decided."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field

from matchmaker.fleet.log import Doubtful, Entry, Fenced, Log
from matchmaker.fleet.machine import Machine, MachineError
from matchmaker.fleet.record import Decision, Epoch, Part, Record, decode


@dataclass(slots=True)
class Chain:
    """What `out` says, from its last complete snapshot on."""

    snapshot: int = 0
    """The seq where the snapshot begins; 0 if there is none."""
    after_in: int = 0
    """The snapshot has all of `in` up to here."""
    state: bytes | None = None
    decisions: list[Decision] = field(default_factory=list)


async def read_chain(log: Log, partition: str, epoch: int, snapshot: int, patience: float) -> Chain:
    """The chain up to the epoch record `epoch`; `snapshot` is what that record says of the last one.

    Raises Fenced if the chain does not end there, Doubtful if nothing comes for `patience` seconds, BadRecord.
    """
    chain = Chain(snapshot)
    parts: list[bytes] = []
    records = log.read_out(partition, snapshot - 1 if snapshot else 0)
    try:
        seq = 0
        while seq < epoch:
            entry = await _next(records, patience, f"out of {partition} up to {epoch}")
            seq = entry.seq
            record: Record = decode(entry.payload)
            if isinstance(record, Decision):
                chain.decisions.append(record)
            elif isinstance(record, Part) and snapshot and chain.state is None:
                parts.append(record.state)
                if record.final:
                    chain.state, chain.after_in = b"".join(parts), record.after_in
        if seq > epoch or not isinstance(record, Epoch):
            raise Fenced(f"out of {partition} goes on from {seq} and not from {epoch}")
    finally:
        await records.aclose()
    if snapshot and chain.state is None:
        raise Doubtful(f"out of {partition} has no snapshot at {snapshot}, where its last record says it is")
    return chain


async def rebuild(log: Log, partition: str, chain: Chain, machine: Machine, patience: float) -> int:
    """Brings a new machine to where `chain` ends, and returns the seq of the last entry of `in` it has applied.

    Raises Doubtful if an entry that a decision is based on does not come for `patience` seconds, and MachineError.
    """
    if chain.state is not None:
        try:
            machine.restore(chain.state)
        except Exception as error:
            raise MachineError(f"the snapshot of {partition} at {chain.snapshot}: {error}") from error
    applied = chain.after_in
    entries = log.read_in(partition, applied)
    try:
        for decision in chain.decisions:
            while applied < decision.after_in:
                entry = await _next(entries, patience, f"in of {partition} up to {decision.after_in}")
                apply_entry(machine, partition, entry)
                applied = entry.seq
            for record in decision.records:
                try:
                    machine.apply_out(record)
                except Exception as error:
                    raise MachineError(f"a decision of {partition} on in up to {applied}: {error}") from error
    finally:
        await entries.aclose()
    return applied


def apply_entry(machine: Machine, partition: str, entry: Entry) -> None:
    """Raises MachineError, which says where the entry is."""
    try:
        machine.apply_in(entry.seq, entry.payload, entry.at)
    except Exception as error:
        raise MachineError(
            f"in of {partition}, seq {entry.seq}: {error or type(error).__name__}; run a version that reads it, or "
            f"remove that message from the stream"
        ) from error


async def _next(entries: AsyncGenerator[Entry, None], patience: float, what: str) -> Entry:
    try:
        # A log in memory never waits, and others have to go on meanwhile: the lease is renewed by one of them.
        await asyncio.sleep(0)
        async with asyncio.timeout(patience):
            return await anext(entries)
    except TimeoutError:
        raise Doubtful(f"{what}: nothing came for {patience:g} s") from None
    except StopAsyncIteration:
        raise Doubtful(f"{what}: the log was closed") from None
