"""What a fleet runs: a state machine per partition. The owner feeds it and writes down what it decides."""

from __future__ import annotations

from typing import Protocol


class MachineError(Exception):
    """The machine raised: says on what. The same comes again at each replay, so its partition waits for somebody."""


class Machine(Protocol):
    """Not thread-safe, and need not be: calls come one after the other, in the order that a replay repeats.

    A decision is applied by `apply_out` alone, never by `decide`. Between a `decide` that returned records and the
    `apply_out` of all of them nothing else is called; if they could not be appended, the machine is thrown away and a
    new one is built by replay. So `decide` may already have set things aside, as long as `apply_out` copes with both:
    its own decision right after `decide`, and in replay one that this machine has never thought of.
    An exception out of any of these drops the partition, to be replayed; the rest of the process goes on.
    """

    def apply_in(self, seq: int, payload: bytes, now: float) -> None:
        """An entry of `in`. `now` is when the log took it (seconds since 1970), the same in every replay."""

    def decide(self, now: float) -> list[bytes] | None:
        """Records to append, each a whole decision; none if there is nothing to decide. `now` never goes back."""

    def apply_out(self, payload: bytes) -> None:
        """A record that is durable now. In replay, all entries it was decided upon have been applied before."""

    def snapshot(self) -> bytes | None:
        """All of the state; called between decisions. None: not now, ask again soon."""

    def restore(self, state: bytes) -> None:
        """Called first and once on a new machine, if at all."""
