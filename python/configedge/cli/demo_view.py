"""What a person sees of the demo: a live view in a terminal, or plain lines."""

from __future__ import annotations

import time
from types import TracebackType
from typing import Any, Protocol

from rich.console import Console, Group
from rich.live import Live
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

_BAR = 32


class View(Protocol):
    def __enter__(self) -> View: ...
    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...
    def event(self, text: str) -> None:
        """Something happened."""

    def traffic(self, report: dict[str, Any]) -> None:
        """The newest report of the players."""

    def summary(self, claims: list[tuple[str, bool]], report: dict[str, Any]) -> None:
        """What came of it all."""


class _Base:
    def __init__(self) -> None:
        self.console = Console(highlight=False)
        self.started = time.monotonic()
        self.events: list[tuple[float, str]] = []

    def event(self, text: str) -> None:
        self.events.append((time.monotonic() - self.started, text))

    def summary(self, claims: list[tuple[str, bool]], report: dict[str, Any]) -> None:
        table = Table(title="What was claimed, and whether it held", title_justify="left", show_header=False, box=None)
        for claim, holds in claims:
            table.add_row("[green]yes[/]" if holds else "[red]NO[/]", claim)
        self.console.print(table)
        self.console.print(
            f"{report['assigned']} players assigned, P50 {report.get('p50_ms', 0):.1f} ms, "
            f"P99 {report.get('p99_ms', 0):.1f} ms from request to assignment, "
            f"in {time.monotonic() - self.started:.0f} s."
        )


class PlainView(_Base):
    """A line for each event, and one for the traffic every second."""

    def __init__(self) -> None:
        super().__init__()
        self._next = 0.0

    def __enter__(self) -> PlainView:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        return None

    def event(self, text: str) -> None:
        super().event(text)
        self.console.print(f"{self.events[-1][0]:5.1f} s  {text}", soft_wrap=True, markup=False)

    def traffic(self, report: dict[str, Any]) -> None:
        now = time.monotonic()
        if now < self._next or "rps" not in report:
            return
        self._next = now + 1
        shares = " ".join(f"{region} {share:.0%}" for region, share in report["by_region"].items())
        line = (
            f"{now - self.started:5.1f} s    {report['rps']:.0f}/s P50 {report['p50_ms']:.1f} ms "
            f"P99 {report['p99_ms']:.1f} ms generation {report['generation']} commit {report['commit'][:12]} | {shares}"
        )
        self.console.print(line, soft_wrap=True, markup=False)


class LiveView(_Base):
    """One screen that follows the traffic."""

    def __init__(self) -> None:
        super().__init__()
        self._report: dict[str, Any] = {}
        self._live = Live(console=self.console, auto_refresh=False, get_renderable=self._render)

    def __enter__(self) -> LiveView:
        self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._live.refresh()
        self._live.stop()

    def event(self, text: str) -> None:
        super().event(text)
        if self._live.is_started:
            self._live.refresh()
        else:
            self.console.print(f"[dim]{text} ...[/]")

    def traffic(self, report: dict[str, Any]) -> None:
        self._report = report
        self._live.refresh()

    def _render(self) -> Group:
        report = self._report
        figures = Table.grid(padding=(0, 3))
        figures.add_row("assignments/s", "P50", "P99", "assigned", "errors", "generation", "commit", style="dim")
        figures.add_row(
            f"{report.get('rps', 0):.0f}",
            f"{report.get('p50_ms', 0):.1f} ms",
            f"{report.get('p99_ms', 0):.1f} ms",
            str(report.get("assigned", 0)),
            str(report.get("errors", 0)),
            str(report.get("generation", 0)),
            str(report.get("commit", ""))[:12],
            style="bold",
        )
        shares = Table.grid(padding=(0, 2))
        for region, share in report.get("by_region", {}).items():
            shares.add_row(region, Text("█" * max(1, round(share * _BAR)), style="cyan"), f"{share:5.1%}")
        events = Table.grid(padding=(0, 2))
        for at, text in self.events[-9:]:
            events.add_row(f"[dim]{at:5.1f} s[/]", Text(text))
        return Group(
            Panel(figures, title="Treasure Hunt Engine", title_align="left"),
            Panel(shares, title="players by region, last 2 s", title_align="left"),
            Panel(events, title="what happened", title_align="left"),
        )
