"""Whether what players were told of their tickets can have happened in one order that fits the clock on the wall.

A ticket is a register that is written once: open, then ended in one way. Tickets are independent of each other, so each
history is judged by itself (locality, Herlihy and Wing 1990), and for such a register the judgement is exact: there has
to be one moment at which the ticket ended, not before any answer that it was open was asked for, and not after any
answer that it had ended had come; a ticket that was cancelled ended while somebody was cancelling it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from math import inf

OPEN = "open"


@dataclass(frozen=True, slots=True)
class Answer:
    """What was asked at `asked`, and told at `told` (inf: never): `state` is open, or how the ticket ended."""

    ticket: str
    asked: float
    told: float = inf
    state: str = ""
    cancels: bool = False
    """Whether it was asked to be cancelled."""


@dataclass
class History:
    answers: dict[str, list[Answer]] = field(default_factory=lambda: defaultdict(list))

    def add(self, answer: Answer) -> None:
        self.answers[answer.ticket].append(answer)


def violations(answers: Iterable[Answer], ended: str) -> list[str]:
    """What cannot be in the history of one ticket, which ended as `ended` by the log; empty if it is still open."""
    known = [answer for answer in answers if answer.told < inf]
    wrong = [f"was told {a.state}, and the log says {ended or OPEN}" for a in known if a.state not in (OPEN, ended)]
    latest = min((a.told for a in known if a.state != OPEN), default=inf)
    earliest = max((a.asked for a in known if a.state == OPEN), default=-inf)
    if earliest > latest:
        wrong.append(f"was told {OPEN} to one who asked {earliest - latest:.3f} s after it was told to have ended")
    if ended == "cancelled":
        spans = [(max(a.asked, earliest), min(a.told, latest)) for a in answers if a.cancels]
        if not any(begin <= end for begin, end in spans):
            wrong.append("was cancelled when nobody was cancelling it")
    return wrong
