"""What was asked of the partitions and is not answered yet."""

from __future__ import annotations

import asyncio

from matchmaker.core.refused import Refused

ANSWER_S = 30.0
"""How long an answer of the log is waited for."""


class Unanswered(Refused):
    """The log did not say in time whether it has it."""


class Answers:
    """Each is awaited for a ticket of this process, under a ref of its own."""

    def __init__(self, run_id: str) -> None:
        self._run_id = run_id
        self._asked: dict[str, tuple[asyncio.Future[None], int]] = {}
        self._later: dict[int, asyncio.Future[None]] = {}
        self._refs = 0

    def ref(self) -> str:
        """One that no answer is awaited for."""
        self._refs += 1
        return f"{self._run_id}#{self._refs}"

    def ask(self, id: int) -> str:
        """A new ref, whose answer is awaited for a ticket."""
        ref = self.ref()
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[None] = loop.create_future()
        answer.add_done_callback(lambda done: done.cancelled() or done.exception())
        self._asked[ref], self._later[id] = (answer, id), answer
        late = Unanswered("the log does not answer", "", "ask for the state of the ticket")
        loop.call_later(ANSWER_S, self.settle, ref, late)
        return ref

    def ticket(self, ref: str) -> int | None:
        """Whose answer is awaited under that ref."""
        asked = self._asked.get(ref)
        return asked[1] if asked else None

    def later(self, id: int) -> asyncio.Future[None] | None:
        """The answer to what was asked of a ticket last; once."""
        return self._later.pop(id, None)

    def settle(self, ref: str, error: Exception | None = None) -> None:
        """The answer has come, or will not come."""
        answer, id = self._asked.pop(ref, (None, 0))
        if answer is None:
            return
        if self._later.get(id) is answer and error is not None:
            del self._later[id]
        if not answer.done():
            answer.set_exception(error) if error else answer.set_result(None)
