"""`python -m matchmaker.load`: options, one run, the exit code."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from matchmaker.load import plot
from matchmaker.load.plan import LANES, Load
from matchmaker.load.players import example
from matchmaker.load.processes import drive, drive_in
from matchmaker.load.progress import Progress
from matchmaker.load.report import Board, summary
from matchmaker.load.tally import Tally, Window


def main(argv: list[str] | None = None) -> int:
    """Runs a load; 0 if all went well, 1 if a player saw an error, 2 if it could not be run."""
    options = _parser().parse_args(argv)
    framed = options.gateway is not None
    target = options.gateway if framed else options.url
    load = Load(
        target,
        framed,
        options.rate,
        options.seconds,
        options.gateways if framed else options.connections,
        options.sessions,
        options.seed,
        example(options.squads),
        patience_s=min(1.0, options.seconds),
    )
    board = Board()
    progress = Progress(board, options.jsonl)
    try:
        if options.plot:
            plot.check()
        tally = _run(load, options.processes, board, progress)
        progress.end(summary(tally))
        if options.plot:
            title = f"{options.rate:g} requests/s for {options.seconds:g} s on {target}"
            for path in plot.draw(options.plot, title, board.timeline, tally.latency_us):
                print(path, file=sys.stderr)
    except (ValueError, plot.NoMatplotlib) as error:
        print(f"matchmaker.load: {error}", file=sys.stderr)
        return 2
    except OSError as error:
        print(f"matchmaker.load: {target}: {error}: is a matchmaker running there?", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130
    return 0 if summary(tally)["errors"] == 0 else 1


def _run(load: Load, processes: int, board: Board, progress: Progress) -> Tally:
    if processes > 1:
        return drive_in(load.split(processes), board.take, progress.show)

    def told(window: Window) -> None:
        board.take(window)
        progress.show()

    return drive(load, told)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m matchmaker.load",
        description="Players over real sockets: open-loop Poisson arrivals, latency from when each was due.",
    )
    where = parser.add_mutually_exclusive_group()
    where.add_argument("--url", default="http://127.0.0.1:8090", help="WebSockets there [default: %(default)s]")
    where.add_argument("--gateway", metavar="HOST:PORT|PATH", help="framed gateway streams there")
    parser.add_argument("--rate", type=float, default=300, help="requests a second [default: %(default)s]")
    parser.add_argument("--seconds", type=float, default=30, help="how long [default: %(default)s]")
    parser.add_argument("--connections", type=int, default=8, help="WebSockets [default: %(default)s]")
    parser.add_argument("--gateways", type=int, default=32, help="framed streams [default: %(default)s]")
    parser.add_argument("--sessions", type=int, default=12_500, help="on each framed stream [default: %(default)s]")
    parser.add_argument("--processes", type=int, default=1, help=f"1 to {LANES} [default: %(default)s]")
    parser.add_argument("--squads", type=float, default=0.0, help="share of 5v5 requests [default: %(default)s]")
    parser.add_argument("--seed", type=int, default=1, help="of all randomness [default: %(default)s]")
    parser.add_argument("--jsonl", action="store_true", help="JSON lines on standard output")
    parser.add_argument("--plot", type=Path, metavar="DIR", help="latency over time, percentiles: PNG and SVG there")
    return parser


if __name__ == "__main__":
    raise SystemExit(main())
