"""Bar charts for the documentation, as SVG and PNG."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module
from math import floor, log10
from pathlib import Path
from typing import Any

OURS, OTHERS, TEXT = "#d9480f", "#adb5bd", "#343a40"


@contextmanager
def look(size: int = 9) -> Iterator[Any]:
    """Within it figures are drawn in our colours, by the module that it gives. Raises ImportError."""
    matplotlib = import_module("matplotlib")
    settings = {
        "font.size": size,
        "text.color": TEXT,
        "axes.labelcolor": TEXT,
        "xtick.color": TEXT,
        "ytick.color": TEXT,
        # The same rows give the same file, so that a chart under version control changes only with its figures.
        "svg.hashsalt": "configedge",
    }
    with matplotlib.rc_context(settings):
        yield import_module("matplotlib.figure")


def save(figure: Any, path: Path) -> list[Path]:
    """Into `path` with the suffixes .svg and .png; gives both."""
    paths = [path.with_name(path.name + suffix) for suffix in (".svg", ".png")]
    figure.savefig(paths[0], metadata={"Date": None})
    figure.savefig(paths[1], dpi=150)
    return paths


def bars(
    path: Path,
    title: str,
    rows: Sequence[tuple[str, float]],
    unit: str,
    *,
    highlight: Callable[[str], bool] = lambda name: False,
    log: bool = False,
) -> list[Path]:
    """Draws one bar a row, from top to bottom, into `path` with the suffixes .svg and .png; gives both.

    On a logarithmic axis, which says that it is one, a bar's length stands for the digits of its value, not its size.
    Raises ImportError if matplotlib is missing.
    """
    names, values = [name for name, _ in rows], [value for _, value in rows]
    with look(10) as figures:
        # No pyplot: a figure of its own draws with Agg and needs no display.
        figure = figures.Figure(figsize=(9, 1.3 + 0.27 * len(rows)), layout="constrained")
        axes = figure.add_subplot()
        colours = [OURS if highlight(name) else OTHERS for name in names]
        drawn = axes.barh(range(len(rows)), values, color=colours, height=0.7, log=log)
        axes.set_yticks(range(len(rows)), names)
        axes.bar_label(drawn, [_short(value) for value in values], padding=4)
        axes.set_title(title, loc="left", fontsize=11, fontweight="bold")
        axes.set_xlabel(f"{unit}, logarithmic axis" if log else unit)
        # The first row on top, and half a bar of air around them.
        axes.set_ylim(len(rows) - 0.3, -0.7)
        # A bar has no natural foot on a logarithmic axis; a power of ten below them all makes it easy to read.
        foot = 10.0 ** floor(log10(min(values))) if log else 0.0
        # Room for the longest bar's figure.
        axes.set_xlim(foot, foot * (max(values) / foot) ** 1.13 if log else max(values) * 1.13)
        axes.xaxis.set_major_formatter(lambda value, position: _short(value) if value < 1 else f"{value:,.0f}")
        # Matplotlib labels the ticks between two powers of ten when there are few of those; they run into each other.
        axes.xaxis.set_minor_formatter(lambda value, position: "")
        axes.tick_params(left=False)
        axes.spines[["top", "right", "left"]].set_visible(False)
        axes.grid(axis="x", color="#e9ecef")
        axes.set_axisbelow(True)
        for label, name in zip(axes.get_yticklabels(), names, strict=True):
            label.set_fontweight("bold" if highlight(name) else "normal")
        return save(figure, path.with_suffix(""))


def _short(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}" if value >= 1 else f"{value:.2g}"
