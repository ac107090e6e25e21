from __future__ import annotations

import logging
import threading
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from configedge.control.metrics import COMMIT_BUCKETS, Metrics, Sources

FLEET = {"total": 6, "ready": 3, "behind": 2, "lost": 1, "commits": {}, "worst_lag_s": 12.5}


def scrape(metrics: Metrics) -> dict[tuple[str, tuple[str, ...]], float]:
    """Samples by name, without the prefix, and label values; as a Prometheus reads them."""
    text, content_type = metrics.render()
    assert content_type.startswith("text/plain; version=0.0.4")
    return {
        (sample.name.removeprefix("configedge_control_"), tuple(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(text.decode())
        for sample in family.samples
    }


def test_commits_are_timed_in_buckets_from_a_millisecond_to_a_second() -> None:
    metrics = Metrics("1")
    for seconds in (0.0005, 0.004, 3.0):
        metrics.commit(seconds)
    found = scrape(metrics)
    assert found["commit_seconds_count", ()] == 3
    assert found["commit_seconds_bucket", ("0.001",)] == 1
    assert found["commit_seconds_bucket", ("0.005",)] == 2
    assert found["commit_seconds_bucket", ("1.0",)] == 2
    assert (COMMIT_BUCKETS[0], COMMIT_BUCKETS[-1]) == (0.001, 1.0)


def test_requests_are_told_apart_by_method_route_and_class_of_status() -> None:
    metrics = Metrics("1")
    route = "/v1/bundles/{namespace}/{name}"
    for status in (200, 201, 412):
        metrics.request("PUT", route, status, 0.01)
    metrics.request("GET", None, 404, 0.01)
    metrics.rejected("stale")
    metrics.rejected("stale")
    metrics.retried(3)
    metrics.conflicted()
    found = scrape(metrics)
    assert found["request_seconds_count", ("PUT", route, "2xx")] == 2
    assert found["request_seconds_count", ("PUT", route, "4xx")] == 1
    assert found["request_seconds_count", ("GET", "none", "4xx")] == 1
    assert found["rejected_total", ("stale",)] == 2
    assert found["retries_total", ()] == 3 and found["conflicts_total", ()] == 1


def test_what_callers_send_cannot_make_labels_without_end() -> None:
    metrics = Metrics("1")
    for number in range(2_000):
        metrics.request(f"M{number}", f"/r{number}", number, 0.0)
        metrics.rejected(f"policy-{number}")
        metrics.rejected('secret canary "\n')
    text = metrics.render()[0]
    found = scrape(metrics)
    assert sum(name == "rejected_total" for name, _ in found) <= 101
    assert sum(name == "request_seconds_count" for name, _ in found) <= 201 * 6
    assert b"canary" not in text
    assert found["rejected_total", ("other",)] == 2_000 + 1_900


def test_gauges_are_asked_for_at_each_scrape() -> None:
    loose = iter((5, 7))
    metrics = Metrics(
        "0.1.0",
        Sources(
            fleet=lambda: FLEET,
            repository_ok=lambda: False,
            loose_objects=lambda: next(loose),
            audit_entries=lambda: 9,
            proposals_open=lambda: 2,
            subscribers=lambda: 4,
        ),
    )
    found = scrape(metrics)
    assert [found["fleet_nodes", (state,)] for state in ("ready", "behind", "lost")] == [3, 2, 1]
    assert found["fleet_worst_lag_seconds", ()] == 12.5
    assert found["repository_ok", ()] == 0 and found["loose_objects", ()] == 5
    assert found["audit_entries_total", ()] == 9 and found["proposals_open", ()] == 2
    assert found["sse_subscribers", ()] == 4
    assert any(name == "build_info" and "0.1.0" in labels for name, labels in found)
    assert found["process_resident_memory_bytes", ()] > 0
    assert scrape(metrics)["loose_objects", ()] == 7


def test_a_part_that_fails_leaves_its_gauge_out_and_is_told_once(caplog: pytest.LogCaptureFixture) -> None:
    def fails() -> Any:
        raise RuntimeError("the fleet store does not answer")

    metrics = Metrics("1", Sources(fleet=fails, loose_objects=lambda: 3))
    with caplog.at_level(logging.WARNING):
        scrape(metrics)
        found = scrape(metrics)
    assert found["loose_objects", ()] == 3 and not any(name.startswith("fleet") for name, _ in found)
    assert caplog.text.count("does not answer") == 1
    assert (
        "fleet_worst_lag_seconds"
        not in Metrics("1", Sources(fleet=lambda: {**FLEET, "worst_lag_s": None})).render()[0].decode()
    )


def test_two_applications_do_not_share_counters() -> None:
    one, other = Metrics("1"), Metrics("1")
    one.conflicted()
    assert scrape(one)["conflicts_total", ()] == 1 and scrape(other)["conflicts_total", ()] == 0


def test_openmetrics_is_given_to_who_asks_for_it() -> None:
    text, content_type = Metrics("1").render("application/openmetrics-text; version=1.0.0")
    assert content_type.startswith("application/openmetrics-text") and text.endswith(b"# EOF\n")


def test_threads_count_together() -> None:
    metrics = Metrics("1")

    def work() -> None:
        for _ in range(500):
            metrics.request("GET", "/x", 200, 0.001)
            metrics.rejected("stale")

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = scrape(metrics)
    assert (
        found["request_seconds_count", ("GET", "/x", "2xx")] == 2_000 and found["rejected_total", ("stale",)] == 2_000
    )
