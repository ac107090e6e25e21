"""What players notice of a hundred pushes in ten seconds."""

from __future__ import annotations

import time
from contextlib import AbstractContextManager

from benches.night.runs import Subject
from benches.night.timeline import Night, Push
from benches.night.traffic import Generator, Traffic

EVERY_S = 0.1
_READY_S = 0.6


def pushed(system: AbstractContextManager[Subject], rate: float, pushes: int) -> Push:
    """A part to warm up, a quiet part, and one with so many pushes, 100 ms apart. Raises as the system does."""
    part_s = pushes * EVERY_S
    generator = Generator()
    try:
        with system as subject:
            begin = time.monotonic() + _READY_S
            done = generator.start(Traffic(subject.gateway, rate, part_s, 3, begin))
            first = begin + 2 * part_s
            for number in range(pushes):
                time.sleep(max(0.0, first + number * EVERY_S - time.monotonic()))
                subject.push(number)
            return Night(done.result(), [first], part_s, []).each_push()[0]
    finally:
        generator.close()
