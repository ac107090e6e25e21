"""What a load is to be."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from matchmaker.load.players import Population, example

LANES = 64


@dataclass(frozen=True, slots=True)
class Load:
    """`target` is a URL, or with `framed` the address of a gateway stream: HOST:PORT, or a path with a slash in it."""

    target: str
    framed: bool = False
    rate: float = 300
    """Requests a second."""
    seconds: float = 30
    connections: int = 8
    sessions: int = 12_500
    """On each framed stream: the tickets that may be open on it at a time."""
    seed: int = 1
    population: Population = field(default_factory=lambda: example(0.0))
    priorities: tuple[float, ...] = (1.0,)
    """Weights of the priorities 0, 1, ... of framed requests."""
    patience_s: float = 1.0
    """How long after the last request answers are waited for: the last players of an evening may find no opponent."""
    warm_s: float = 0.0
    """Latencies of requests that are due earlier than this are not counted: queues begin empty."""
    nap_s: float = 0.001
    """What is due within this time is sent together, and answers are read as seldom: it counts as the server's time."""
    acks: bool = True
    """Whether WebSockets are told of tickets that merely wait. Else none is taken back at the end, and `patience_s`
    must be longer than the modes let them wait."""
    sources: tuple[str, ...] = ()
    """Addresses that WebSockets come from, in turn: one has some 28,000 ports to one server."""
    lane: int = 0

    def split(self, parts: int) -> list[Load]:
        """As many loads that together are this one. Raises ValueError for more than 64, or than connections."""
        if not 1 <= parts <= min(LANES, self.connections):
            raise ValueError(
                f"{parts} processes for {self.connections} connections; use 1 to {LANES}, none without one"
            )
        shares = [self.connections // parts + (at < self.connections % parts) for at in range(parts)]
        rates = [self.rate * share / self.connections for share in shares]
        return [
            replace(self, rate=rate, connections=share, lane=at)
            for at, (rate, share) in enumerate(zip(rates, shares, strict=True))
        ]
