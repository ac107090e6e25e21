"""Pictures of the night: what each system went through around a push, and how long two nodes disagreed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib import import_module
from pathlib import Path
from textwrap import fill
from typing import Any

from benches.chart import OTHERS, OURS, TEXT, look, save
from benches.night.runs import CONFIGEDGE
from benches.night.skew import Skew
from benches.night.timeline import STEP_S, Point

_GRID, _DARK, _STALL = "#e9ecef", "#495057", "#fff3bf"
# A row of panels: its label, and what is drawn in it, with the line's width and name.
_ROWS: tuple[tuple[str, tuple[tuple[str, float, str], ...]], ...] = (
    ("ms from due\nto the end", (("p99_ms", 1.8, "P99"), ("p50_ms", 1.0, "P50"))),
    ("requests in flight", (("in_flight", 1.8, ""),)),
    ("errors\neach 100 ms", (("errors", 1.8, ""),)),
    ("calls for configuration\neach 100 ms", (("calls", 1.8, "all"), ("retries", 1.0, "retries"))),
    ("cache misses\neach 100 ms", (("misses", 1.8, ""),)),
)


def timelines(path: Path, title: str, nights: Mapping[str, Sequence[Point]], stall_s: float) -> list[Path]:
    """A column a system, a row a figure, into `path` with the suffixes .svg and .png. Raises ImportError."""
    with look() as figures:
        ticker = import_module("matplotlib.ticker")
        figure = figures.Figure(figsize=(2.3 * len(nights) + 0.9, 8.6), layout="constrained")
        panels = figure.subplots(len(_ROWS), len(nights), sharex=True, sharey="row", squeeze=False)
        figure.suptitle(title, x=0.01, ha="left", fontsize=12, fontweight="bold")
        for column, (name, points) in enumerate(nights.items()):
            colour = OURS if name == CONFIGEDGE else _DARK
            panels[0][column].set_title(fill(name, 26), loc="left", fontsize=9.5, color=colour, fontweight="bold")
            for row, (label, lines) in enumerate(_ROWS):
                axes = panels[row][column]
                _panel(axes, points, lines, colour, stall_s)
                if column == 0:
                    axes.set_ylabel(label)
                    _legend(axes)
            panels[-1][column].set_xlabel("s from the push")
            panels[-1][column].xaxis.set_major_locator(ticker.MaxNLocator(5, integer=True))
        for row in panels:
            row[0].set_ylim(bottom=0)
        return save(figure, path)


def _panel(
    axes: Any, points: Sequence[Point], lines: tuple[tuple[str, float, str], ...], colour: str, stall_s: float
) -> None:
    axes.axvspan(0, stall_s, color=_STALL, zorder=0)
    axes.axvline(0, color=TEXT, linewidth=0.7, linestyle=":")
    times = [point.t + STEP_S / 2 for point in points]
    for key, width, label in lines:
        thin = width < 1.5
        axes.plot(
            times, [getattr(point, key) for point in points], color=OTHERS if thin else colour, linewidth=width,
            label=label or None, zorder=2 if thin else 3, clip_on=False,
        )  # fmt: skip
    axes.grid(axis="y", color=_GRID)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)


def _legend(axes: Any) -> None:
    if axes.get_legend_handles_labels()[0]:
        axes.legend(frameon=False, fontsize=7.5, loc="upper left", handlelength=1.2, borderaxespad=0.1)


def skews(path: Path, title: str, found: Mapping[str, Skew]) -> list[Path]:
    """A bar a node: how long it went on by the old weights. Raises ImportError."""
    bars = [
        (name, node, old, max(new, 0.0))
        for name, skew in found.items()
        for node, (new, old) in enumerate(zip(skew.first_new_s, skew.last_old_s, strict=True), 1)
    ]
    longest = max(new for _, _, _, new in bars)
    with look() as figures:
        figure = figures.Figure(figsize=(9, 1.4 + 0.5 * len(bars)), layout="constrained")
        axes = figure.add_subplot()
        for at, (name, _, _, new) in enumerate(bars):
            axes.barh(at, new, color=OURS if name == CONFIGEDGE else OTHERS, height=0.5)
            told = f"{new:.1f} s" if new >= 1 else f"{new * 1000:.0f} ms"
            axes.text(new + longest * 0.01, at, told, va="center", color=TEXT)
        labels = [f"{name}, node {node}" for name, node, _, _ in bars]
        axes.set_yticks(range(len(bars)), labels)
        for at, skew in enumerate(found.values()):
            if skew.seconds >= 1:
                _brace(axes, 2 * at, skew)
        axes.set_ylim(len(bars) - 0.4, -0.6)
        axes.set_xlim(0, longest * 1.12)
        axes.set_title(title, loc="left", fontsize=11, fontweight="bold")
        axes.set_xlabel("s from the push until the node decides by it")
        axes.tick_params(left=False)
        axes.spines[["top", "right", "left"]].set_visible(False)
        axes.grid(axis="x", color=_GRID)
        axes.set_axisbelow(True)
        for label, (name, *_) in zip(axes.get_yticklabels(), bars, strict=True):
            label.set_fontweight("bold" if name == CONFIGEDGE else "normal")
        return save(figure, path)


def _brace(axes: Any, first: int, skew: Skew) -> None:
    """From the first node's decision to the last one's, between their two bars."""
    begin, end = min(skew.first_new_s), max(skew.last_old_s)
    axes.annotate("", (begin, first + 0.5), (end, first + 0.5), arrowprops={"arrowstyle": "<->", "color": _DARK})
    told = f"{skew.seconds:.1f} s: {skew.wrong:,} players to the wrong region"
    axes.text((begin + end) / 2, first + 0.42, told, ha="center", va="bottom", fontsize=9, color=_DARK)
