"""The picture of a what-if: waits against spread, and how waits are distributed; a row for each mode."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

from matchmaker.history.quality import ModeQuality, Quality

_TEXT, _GRID = "#343a40", "#e9ecef"
_COLOURS = ("#868e96", "#d9480f", "#1971c2", "#2f9e44", "#9c36b5", "#e0a100", "#0c8599", "#c2255c")
_SHARES = ((0.5, "P50", "o"), (0.9, "P90", "s"), (0.99, "P99", "^"))
_POINTS = 2_000
_LEAST_MS = 1.0


class NoMatplotlib(Exception):
    """A picture is asked for and matplotlib is not installed."""


def draw(directory: Path, results: Mapping[str, Quality]) -> list[Path]:
    """Writes whatif.png and whatif.svg, a colour for each configuration. Raises NoMatplotlib, OSError."""
    try:
        matplotlib, figures = import_module("matplotlib"), import_module("matplotlib.figure")
    except ImportError as error:
        raise NoMatplotlib(
            f"--out draws with matplotlib: {error}: pip install 'configedge[charts]', or leave --out away"
        ) from None
    modes = [m for m in dict.fromkeys(m for q in results.values() for m in q.modes) if _drawable(results, m)]
    if not modes:
        return []
    look = {"font.size": 9, "text.color": _TEXT, "axes.labelcolor": _TEXT, "svg.hashsalt": "configedge"}
    with matplotlib.rc_context(look):
        figure = figures.Figure(figsize=(11, 0.6 + 3.6 * len(modes)), layout="constrained")
        grid = figure.subplots(len(modes), 2, squeeze=False)
        for row, mode in zip(grid, modes, strict=True):
            qualities = {name: quality.mode(mode) for name, quality in results.items()}
            _trade(row[0], mode, qualities)
            _distribution(row[1], mode, qualities)
        handles, labels = grid[0][1].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside upper center", ncols=min(4, len(labels)), frameon=False)
        written = [directory / "whatif.png", directory / "whatif.svg"]
        figure.savefig(written[0], dpi=150)
        figure.savefig(written[1], metadata={"Date": None})
    return written


def _drawable(results: Mapping[str, Quality], mode: str) -> bool:
    return any(mode in quality.modes and quality.modes[mode].spreads for quality in results.values())


def _trade(axes: Any, mode: str, qualities: Mapping[str, ModeQuality]) -> None:
    """Each configuration is a column of three marks; the lines between are the curve that one moves along."""
    matched = [(q.spread(0.9), q, _COLOURS[at % len(_COLOURS)]) for at, q in enumerate(qualities.values()) if q.spreads]
    matched.sort(key=lambda entry: entry[0])
    spreads = [spread for spread, _, _ in matched]
    for share, label, marker in _SHARES:
        waits = [max(_LEAST_MS, quality.wait(share)) for _, quality, _ in matched]
        axes.plot(spreads, waits, color="#ced4da", linewidth=1, zorder=1)
        axes.scatter(spreads, waits, c=[colour for _, _, colour in matched], marker=marker, s=38, zorder=2)
        axes.annotate(
            label, (spreads[-1], waits[-1]), xytext=(7, 0), textcoords="offset points", va="center", color=_TEXT
        )
    axes.set_title(f"{mode}: wait and quality", loc="left", fontweight="bold")
    axes.set_xlabel("rating spread of a match, P90, in points (less is better)")
    axes.set_ylabel("wait, ms, logarithmic axis")
    axes.margins(x=0.12)
    _dress(axes)
    axes.set_yscale("log")
    _plain(axes.yaxis, (1, 2, 5))


def _distribution(axes: Any, mode: str, qualities: Mapping[str, ModeQuality]) -> None:
    """The share of all tickets taken that were matched within a time; a curve ends where waiting helps no more."""
    for at, (name, quality) in enumerate(qualities.items()):
        waits, taken = quality.waits, quality.tickets - quality.refused
        step = max(1, len(waits) // _POINTS)
        chosen = [*range(0, len(waits), step), *([len(waits) - 1] if waits else [])]
        x = [_LEAST_MS, *(max(_LEAST_MS, waits[n]) for n in chosen)]
        y = [0.0, *((n + 1) / max(1, taken) * 100 for n in chosen)]
        axes.plot(x, y, drawstyle="steps-post", color=_COLOURS[at % len(_COLOURS)], linewidth=1.6, label=name)
    axes.set_title(f"{mode}: matched within", loc="left", fontweight="bold")
    axes.set_xlabel("wait, ms, logarithmic axis; less than 1 is drawn as 1")
    axes.set_ylabel("tickets, %")
    axes.set_ylim(0, 102)
    _dress(axes)
    axes.set_xscale("log")
    _plain(axes.xaxis, (1,))


def _dress(axes: Any) -> None:
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(color=_GRID)
    axes.set_axisbelow(True)


def _plain(axis: Any, labelled: tuple[int, ...]) -> None:
    axis.set_major_locator(import_module("matplotlib.ticker").LogLocator(subs=labelled, numticks=20))
    axis.set_major_formatter(lambda value, position: f"{value:,.0f}")
    axis.set_minor_formatter(lambda value, position: "")
