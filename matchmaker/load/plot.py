"""Charts of a load: latency over time, and its percentiles."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

from matchmaker.load.histogram import Histogram

_TEXT = "#343a40"
_COLOURS = {"p50_ms": "#adb5bd", "p99_ms": "#d9480f", "p999_ms": "#862e9c"}
_NAMES = {"p50_ms": "P50", "p99_ms": "P99", "p999_ms": "P99.9"}
# Nines from 0 to 4: the share of requests slower than the axis' value is 1, 0.1, ... 0.0001.
_NINES = [step / 20 for step in range(81)]


class NoMatplotlib(Exception):
    def __init__(self) -> None:
        super().__init__("charts need matplotlib, which is not installed: pip install matplotlib, or leave out --plot")


def check() -> None:
    """Raises NoMatplotlib: better before the load than after it."""
    try:
        import_module("matplotlib.figure")
    except ImportError:
        raise NoMatplotlib from None


def draw(directory: Path, title: str, timeline: Sequence[dict[str, Any]], latency_us: Histogram) -> list[Path]:
    """Writes latency-over-time and percentiles, each as .png and .svg; gives the paths.

    Raises NoMatplotlib, OSError.
    """
    check()
    directory.mkdir(parents=True, exist_ok=True)
    matplotlib = import_module("matplotlib")
    look = {"font.size": 10, "text.color": _TEXT, "axes.labelcolor": _TEXT, "svg.hashsalt": "configedge"}
    with matplotlib.rc_context(look):
        return [
            *_save(_over_time(title, timeline), directory / "latency-over-time"),
            *_save(_percentiles(title, latency_us), directory / "percentiles"),
        ]


def _figure(title: str) -> tuple[Any, Any]:
    # No pyplot: a figure of its own draws with Agg and needs no display.
    figure = import_module("matplotlib.figure").Figure(figsize=(9, 4), layout="constrained")
    axes = figure.add_subplot()
    axes.set_title(title, loc="left", fontsize=10)
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(axis="y", color="#e9ecef")
    return figure, axes


def _over_time(title: str, timeline: Sequence[dict[str, Any]]) -> Any:
    figure, axes = _figure(title)
    points = [point for point in timeline if point["rps"]]
    for key, colour in _COLOURS.items():
        axes.plot([point["t"] for point in points], [point[key] for point in points], color=colour, label=_NAMES[key])
    axes.set(xlabel="seconds from the start", ylabel="ms from due to assigned")
    axes.set_ylim(bottom=0)
    if points:
        axes.legend(frameon=False)
    return figure


def _percentiles(title: str, latency_us: Histogram) -> Any:
    figure, axes = _figure(title)
    found = latency_us.percentiles(1 - 10**-nines for nines in _NINES)
    axes.plot(_NINES, [micros / 1000 for micros in found], color=_COLOURS["p99_ms"])
    axes.set_xticks(range(5), ["0 %", "90 %", "99 %", "99.9 %", "99.99 %"])
    axes.set(xlabel="percentile", ylabel="ms from due to assigned")
    axes.set_ylim(bottom=0)
    return figure


def _save(figure: Any, path: Path) -> list[Path]:
    paths = [path.with_suffix(suffix) for suffix in (".png", ".svg")]
    figure.savefig(paths[0], dpi=150)
    figure.savefig(paths[1], metadata={"Date": None})
    return paths
