"""Pictures of the model's answers. Each goes into a path with the suffixes .svg and .png; all raise ImportError."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

from benches.chart import OURS, TEXT, look, save

GRID = "#e9ecef"
COLOURS = (OURS, "#1971c2", "#2f9e44", "#9c36b5", "#495057", "#f08c00", "#0c8599")


def shares(path: Path, title: str, lines: Mapping[str, Sequence[float]], label: str) -> list[Path]:
    """How large a share of nodes is there by which time: `lines` has when each of them is, in s."""
    with look() as figures:
        figure = figures.Figure(figsize=(9, 4.2), layout="constrained")
        axes = figure.add_subplot()
        for colour, (name, times) in zip(COLOURS, lines.items(), strict=False):
            ordered = sorted(times)
            # A thousand steps are smooth enough, and keep the file small.
            every = max(1, len(ordered) // 1000)
            at = [*ordered[::every], ordered[-1]]
            share = [100 * min(1.0, (number + 1) / len(ordered)) for number in range(0, len(ordered), every)] + [100]
            axes.step(at, share, where="post", color=colour, linewidth=1.8, label=name)
        _frame(axes, title, label, "% of nodes")
        axes.set_ylim(0, 102)
        axes.set_xlim(left=0)
        axes.legend(frameon=False, loc="lower right", fontsize=9)
        return save(figure, path)


def curves(
    path: Path, title: str, panels: Sequence[tuple[Mapping[str, Sequence[tuple[float, float]]], str, str, float | None]]
) -> list[Path]:
    """A panel each of lines with their labels of both logarithmic axes, and a value that is the most there can be."""
    with look() as figures:
        figure = figures.Figure(figsize=(4.8 * len(panels) if len(panels) > 1 else 8, 4.2), layout="constrained")
        figure.suptitle(title, x=0.01, ha="left", fontsize=11, fontweight="bold")
        for axes, (lines, across, up, most) in zip(
            figure.subplots(1, len(panels), squeeze=False)[0], panels, strict=True
        ):
            for colour, (name, points) in zip(COLOURS, lines.items(), strict=False):
                axes.plot(
                    *zip(*points, strict=True), color=colour, linewidth=1.8, marker="o", markersize=3.5, label=name
                )
            _frame(axes, "", across, up)
            _log(axes.set_xscale, axes.xaxis)
            _log(axes.set_yscale, axes.yaxis)
            if most is not None:
                axes.axhline(most, color=TEXT, linewidth=0.9, linestyle="--")
            axes.legend(frameon=False, fontsize=8.5)
        return save(figure, path)


def _frame(axes: Any, title: str, across: str, up: str) -> None:
    axes.set_title(title, loc="left", fontsize=11, fontweight="bold")
    axes.set_xlabel(across)
    axes.set_ylabel(up)
    axes.grid(color=GRID)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)


def _log(scale: Any, axis: Any) -> None:
    """Plain numbers at the powers of ten; where there are few of those, at twice and five times as much, too."""
    scale("log")
    low, high = axis.get_view_interval()
    few = high < 200 * low
    axis.set_major_locator(import_module("matplotlib.ticker").LogLocator(subs=(1, 2, 5) if few else (1,)))
    axis.set_major_formatter(lambda value, position: f"{value:,.0f}" if value >= 1 else f"{value:g}")
    axis.set_minor_formatter(lambda value, position: "")
