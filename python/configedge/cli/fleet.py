"""The fleet as `configedge status` shows it: by commit, who lags, who refuses what, and how long pushes took."""

from __future__ import annotations

import time
from collections import defaultdict
from typing import Any

from configedge.cli.output import Cell, Styled, first_line, line, moment, span, table

_STYLES = {"ok": "green", "held": "cyan", "degraded": "yellow", "empty": "yellow", "silent": "red", "lost": "bold red"}
_MOST_NAMED = 5
_MOST_REFUSALS = 20


def by_commit(fleet: dict[str, Any]) -> list[dict[str, Any]]:
    """What `GET /v1/fleet` has, a member a commit: the tip first, then the one that a node got last.

    `since` and `until` are when the first and the last of its nodes had it, in Unix seconds; None if nobody says so.
    """
    serving: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
    for node in fleet["nodes"]:
        serving[node["commit"]].append(node)
    found = [_commit(commit, nodes) for commit, nodes in serving.items()]
    return sorted(found, key=lambda one: (one["commit"] != fleet["tip"], -(one["until"] or 0.0), one["commit"]))


def _commit(commit: str, nodes: list[dict[str, Any]]) -> dict[str, Any]:
    times = [node["published_at"] for node in nodes if node["published_at"]]
    return {
        "commit": commit,
        "nodes": len(nodes),
        "since": min(times, default=None),
        "until": max(times, default=None),
        "lost": sum(node["lost"] for node in nodes),
        "refusing": sum(node["state"] == "degraded" for node in nodes),
        "names": [node["node"] for node in nodes],
    }


def show_fleet(fleet: dict[str, Any]) -> None:
    """The commits that nodes serve, what they refuse, and how long the newest pushes took."""
    commits = by_commit(fleet)
    if commits:
        line()
        line(Styled("What nodes serve", "bold"))
        columns = ("commit", "nodes", "refuse", "lost", "first", "last", "who")
        table(columns, [_commit_row(one, fleet["tip"]) for one in commits])
    _show_refusals(fleet["nodes"])
    _show_propagation(fleet["propagation"])


def show_nodes(fleet: dict[str, Any]) -> None:
    """Every node."""
    line()
    table(("node", "place", "state", "generation", "commit", "seen", "problems"), map(_node_row, fleet["nodes"]))


def _commit_row(one: dict[str, Any], tip: str) -> tuple[Cell, ...]:
    newest = one["commit"] == tip
    commit = one["commit"][:12] or "none"
    return (
        Styled(f"{commit} (newest)" if newest else commit, "green" if newest else "yellow"),
        str(one["nodes"]),
        Styled(str(one["refusing"]), "yellow" if one["refusing"] else ""),
        Styled(str(one["lost"]), "bold red" if one["lost"] else ""),
        *(_ago(one[side]) for side in ("since", "until")),
        # Of those that have it all nobody asks who they are.
        "" if newest else _names(one["names"]),
    )


def _names(names: list[str]) -> str:
    more = len(names) - _MOST_NAMED
    return " ".join(names[:_MOST_NAMED]) + (f" and {more} more" if more > 0 else "")


def _show_refusals(nodes: list[dict[str, Any]]) -> None:
    refusing: defaultdict[str, list[str]] = defaultdict(list)
    for node in nodes:
        for problem in node["problems"]:
            refusing[first_line(problem)].append(node["node"])
    if not refusing:
        return
    line()
    line(Styled("What nodes refuse", "bold"))
    most = sorted(refusing.items(), key=lambda item: (-len(item[1]), item[0]))
    rows = [(str(len(names)), problem, _names(names)) for problem, names in most[:_MOST_REFUSALS]]
    table(("nodes", "problem", "who"), rows)
    if len(most) > len(rows):
        line(f"and {len(most) - len(rows)} more problems; --nodes shows all")


def _show_propagation(rows: list[dict[str, Any]]) -> None:
    if not rows:
        return
    line()
    line(Styled("How long the newest pushes took to nodes", "bold"))
    table(
        ("commit", "time", "first", "half", "all", "nodes"),
        [
            (
                row["commit"][:12],
                moment(row["at"]),
                *(span(row[side]) if row[side] is not None else "-" for side in ("first_s", "half_s", "all_s")),
                str(row["nodes"]),
            )
            for row in rows[:10]
        ],
    )


def _node_row(node: dict[str, Any]) -> tuple[Cell, ...]:
    place = ".".join(part for part in (node["environment"], node["region"]) if part)
    state = "lost" if node["lost"] else node["state"]
    problems = "; ".join(first_line(problem) for problem in node["problems"])
    return (
        node["node"],
        place,
        Styled(state, _STYLES.get(state, "bold red")),
        str(node["generation"]),
        node["commit"][:12],
        f"{span(node['age_s'])} ago",
        problems,
    )


def _ago(at: float | None) -> str:
    return "-" if at is None else f"{span(max(0.0, time.time() - at))} ago"
