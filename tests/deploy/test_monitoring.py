"""What is scraped, and that the dashboard asks for metrics that there are."""

from __future__ import annotations

import json
import re
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest

from configedge.control.metrics import Metrics, Sources
from tests.support.kube import DEPLOY, build
from tests.support.relay import bundle, running, wait_for

DASHBOARD = json.loads((DEPLOY / "monitoring" / "dashboard.json").read_text())


def queries() -> list[str]:
    return [target["expr"] for panel in DASHBOARD["panels"] for target in panel.get("targets", ())]


def selectors(expression: Any) -> Iterator[Any]:
    """The vector selectors of a PromQL expression."""
    promql = pytest.importorskip("promql_parser", reason="promql-parser is not installed")
    if isinstance(expression, promql.VectorSelector):
        yield expression
    for part in ("lhs", "rhs", "expr", "args", "vector_selector", "vs"):
        inner = getattr(expression, part, None)
        for each in inner if isinstance(inner, list) else [inner]:
            if isinstance(each, promql.Expr):
                yield from selectors(each)


def samples(text: str) -> dict[str, set[str]]:
    """Names of metrics with the labels that they have."""
    found: dict[str, set[str]] = {}
    for name, labels in re.findall(r"^([a-z_]+)(?:\{(.*)\})? ", text, re.MULTILINE):
        found.setdefault(name, set()).update(re.findall(r'(\w+)="', labels))
    return found


def of_the_control_plane() -> dict[str, set[str]]:
    fleet = {"ready": 1, "behind": 0, "lost": 0, "worst_lag_s": 1.0}
    metrics = Metrics("1", Sources(lambda: fleet, lambda: True, lambda: 1, lambda: 1, lambda: 1, lambda: 1))
    metrics.commit(0.01)
    metrics.request("PUT", "/v1/bundles/{namespace}/{name}", 200, 0.01)
    metrics.rejected("stale")
    metrics.retried()
    metrics.conflicted()
    return samples(metrics.render()[0].decode())


def of_a_relay(root: Path) -> dict[str, set[str]]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with running(root, "--http", f"127.0.0.1:{port}", first=bundle({"v": 1})) as relay:
        wait_for(lambda: relay.status().get("generation"))
        with urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as answer:
            return samples(answer.read().decode())


def test_the_dashboard_asks_for_metrics_and_labels_that_there_are(tmp_path: Path) -> None:
    promql = pytest.importorskip("promql_parser", reason="promql-parser is not installed")
    known = of_the_control_plane() | of_a_relay(tmp_path)
    asked = set()
    for query in queries():
        text = query.replace("$__rate_interval", "5m")
        found = list(selectors(promql.parse(text)))
        assert found, query
        for selector in found:
            asked.add(selector.name)
            assert selector.name in known, f"{selector.name}: there is no such metric"
        labels = {name.strip() for group in re.findall(r"by \((.*?)\)", text) for name in group.split(",")}
        labels |= set(re.findall(r"[{,]\s*(\w+)\s*[=!]", text))
        assert labels - {"le"} <= set().union(*(known[selector.name] for selector in found)), query
    assert len(asked) >= 20


def test_panels_do_not_lie_on_each_other_and_legends_name_labels_of_their_query() -> None:
    taken: set[tuple[int, int]] = set()
    for panel in DASHBOARD["panels"]:
        at = panel["gridPos"]
        cells = {(x, y) for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])}
        assert not cells & taken, panel["title"]
        assert max(x for x, _ in cells) < 24
        taken |= cells
        for target in panel.get("targets", ()):
            for label in re.findall(r"\{\{(\w+)\}\}", target["legendFormat"]):
                assert re.search(rf"by \([^)]*\b{label}\b", target["expr"]), target
    assert len({panel["id"] for panel in DASHBOARD["panels"]}) == len(DASHBOARD["panels"])


def test_what_is_scraped_is_there() -> None:
    resources = build(DEPLOY / "examples" / "cluster")
    by_kind = {resource["kind"]: resource for resource in resources}
    service = next(it for it in resources if it["kind"] == "Service" and it["metadata"]["name"] == "control")
    (endpoint,) = by_kind["ServiceMonitor"]["spec"]["endpoints"]
    assert by_kind["ServiceMonitor"]["spec"]["selector"]["matchLabels"] == service["metadata"]["labels"]
    assert endpoint["port"] in {port["name"] for port in service["spec"]["ports"]}
    # Tokens are asked for.
    assert endpoint["authorization"]["credentials"] == {"name": "control-metrics", "key": "token"}
    (relay,) = by_kind["PodMonitor"]["spec"]["podMetricsEndpoints"]
    seen = 0
    for workload in resources:
        template = workload.get("spec", {}).get("template")
        if not isinstance(template, dict) or "configedge.io/relay" not in template["metadata"]["labels"]:
            continue
        pod = template["spec"]
        names = {port["name"] for it in [*pod["initContainers"], *pod["containers"]] for port in it.get("ports", ())}
        assert relay["port"] in names
        seen += 1
    assert seen == 1
    (board,) = [it for it in resources if it["metadata"]["name"] == "configedge-dashboard"]
    assert json.loads(board["data"]["configedge.json"]) == DASHBOARD
    assert board["metadata"]["labels"]["grafana_dashboard"] == "1"
