from __future__ import annotations

import asyncio
import json
import logging
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from configedge.control import logs, traces
from configedge.control.traces import Tracing, TracingError, set_up_traces, trace_id

PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


class Collector:
    """An OTLP/HTTP receiver that keeps the spans, decoded."""

    def __init__(self) -> None:
        from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

        self.paths: set[str] = set()
        self.raw = b""
        self.spans: dict[str, Any] = {}
        self.service: dict[str, str] = {}
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                outer.paths.add(self.path)
                outer.raw += body
                for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
                    outer.service = {one.key: one.value.string_value for one in resource.resource.attributes}
                    outer.spans |= {span.name: span for scope in resource.scope_spans for span in scope.spans}
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: Any) -> None:
                pass

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._http.server_address[1]}"
        threading.Thread(target=self._http.serve_forever, args=(0.05,), daemon=True).start()

    def close(self) -> None:
        self._http.shutdown()
        self._http.server_close()


@pytest.fixture(autouse=True)
def no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_SDK_DISABLED"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def collector() -> Iterator[Collector]:
    pytest.importorskip("opentelemetry.sdk")
    pytest.importorskip("opentelemetry.exporter.otlp.proto.http")
    made = Collector()
    yield made
    made.close()


def attributes(span: Any) -> dict[str, Any]:
    return {one.key: getattr(one.value, one.value.WhichOneof("value")) for one in span.attributes}


def test_spans_reach_a_collector_as_children_of_the_callers_trace(collector: Collector) -> None:
    tracing = set_up_traces(collector.url)
    assert tracing.on
    with tracing.span("PUT", PARENT, **{"http.request.method": "PUT"}) as request:
        assert trace_id() == PARENT[3:35]
        with tracing.span("commit", **{"configedge.bundle": "life"}):
            pass
        request.set(**{"http.response.status_code": 200, "configedge.changed": True})
    assert trace_id() == ""
    tracing.close()
    outer, inner = collector.spans["PUT"], collector.spans["commit"]
    assert outer.trace_id.hex() == inner.trace_id.hex() == PARENT[3:35]
    assert outer.parent_span_id.hex() == PARENT[36:52] and inner.parent_span_id == outer.span_id
    assert attributes(outer) == {
        "http.request.method": "PUT",
        "http.response.status_code": 200,
        "configedge.changed": True,
    }
    assert attributes(inner) == {"configedge.bundle": "life"}
    assert collector.paths == {"/v1/traces"} and collector.service["service.name"] == "configedge-control"
    assert outer.end_time_unix_nano >= inner.end_time_unix_nano


def test_no_value_and_no_credential_gets_into_a_trace(collector: Collector) -> None:
    tracing = set_up_traces(collector.url)
    with pytest.raises(ValueError), tracing.span("write", authorization="Bearer canary", value="canary") as span:
        span.set(**{"http.request.header.authorization": "canary", "http.route": "/v1/bundles/{namespace}/{name}"})
        raise ValueError("canary is longer than 3 characters")
    tracing.close()
    span = collector.spans["write"]
    assert attributes(span) == {"http.route": "/v1/bundles/{namespace}/{name}", "error.type": "ValueError"}
    assert span.status.code == 2 and not span.status.message and not span.events
    assert b"canary" not in collector.raw and b"Bearer" not in collector.raw


@pytest.mark.parametrize(
    "sent", ["", "nonsense", PARENT[:-1], f"ff{PARENT[2:]}", "00-" + "0" * 32 + PARENT[35:], "x" * 9_999]
)
def test_a_traceparent_that_is_none_begins_a_trace_of_its_own(collector: Collector, sent: str) -> None:
    tracing = set_up_traces(collector.url)
    with tracing.span("a", sent):
        assert trace_id() not in ("", PARENT[3:35], "0" * 32)
    tracing.close()
    assert collector.spans["a"].parent_span_id == b""


def test_a_trace_that_its_caller_does_not_sample_is_not_sent(collector: Collector) -> None:
    tracing = set_up_traces(collector.url)
    with tracing.span("unsampled", PARENT[:-2] + "00"), tracing.span("inside"):
        assert trace_id() == PARENT[3:35], "logs still tell which it was"
    tracing.close()
    assert collector.spans == {}


async def test_tasks_do_not_mix_their_traces(collector: Collector) -> None:
    tracing = set_up_traces(collector.url)

    async def work(name: str) -> str:
        with tracing.span(name):
            before = trace_id()
            await asyncio.sleep(0.01)
            assert trace_id() == before
            return before

    assert len(set(await asyncio.gather(*(work(f"t{n}") for n in range(10))))) == 10
    tracing.close()
    assert len(collector.spans) == 10


def test_the_environment_says_where_traces_go(collector: Collector, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", collector.url)
    tracing = set_up_traces(None, "another")
    with tracing.span("from-the-environment"):
        pass
    tracing.close()
    assert "from-the-environment" in collector.spans and collector.service["service.name"] == "another"
    monkeypatch.setenv("OTEL_SDK_DISABLED", "true")
    assert not set_up_traces(None).on


@pytest.mark.parametrize("kind", ["gone", "hanging"])
def test_a_collector_that_is_away_costs_two_seconds_at_the_end_and_nothing_before(kind: str) -> None:
    pytest.importorskip("opentelemetry.sdk")
    with socket.socket() as away:
        away.bind(("127.0.0.1", 0))
        if kind == "hanging":
            away.listen()
        tracing = set_up_traces(f"http://127.0.0.1:{away.getsockname()[1]}")
        start = time.monotonic()
        for _ in range(3_000):
            with tracing.span("a"):
                pass
        assert time.monotonic() - start < 2
        start = time.monotonic()
        tracing.close()
        assert time.monotonic() - start < 2.5


@pytest.mark.parametrize(
    "endpoint", ["collector:4318", "grpc://c:4317", "http://", "http://u:canary@c:4318", "http://[canary"]
)
def test_an_endpoint_that_is_no_collector_is_refused_and_not_repeated(endpoint: str) -> None:
    with pytest.raises(TracingError, match="http://collector:4318") as refused:
        set_up_traces(endpoint)
    assert "canary" not in str(refused.value)


def test_without_an_endpoint_nothing_is_imported_and_a_span_is_nearly_free() -> None:
    script = """
import sys, timeit
from configedge.control import logs, traces
from configedge.control.traces import set_up_traces
tracing = set_up_traces(None)
with tracing.span("a", None, x=1) as span:
    span.set(y=2)
tracing.close()
assert not tracing.on and not [name for name in sys.modules if name.startswith("opentelemetry")]
def work():
    with tracing.span("a"):
        pass
print(min(timeit.repeat(work, number=10_000, repeat=5)) / 10_000)
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert float(done.stdout) < 5e-6


def test_a_collector_that_stays_away_is_told_of_seldom(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("opentelemetry.sdk")
    # Those of tests before, whose collectors never came, count messages as told.
    monkeypatch.setattr(logging.getLogger(traces._EXPORTER_LOG), "filters", [])
    with socket.socket() as away:
        away.bind(("127.0.0.1", 0))
        tracing = set_up_traces(f"http://127.0.0.1:{away.getsockname()[1]}")
        for _ in range(2_000):
            with tracing.span("a"):
                pass
        time.sleep(4)
        tracing.close()
    told = [record.msg for record in caplog.records if record.name.startswith("opentelemetry.exporter")]
    assert told and len(told) == len(set(told))


@pytest.mark.parametrize("form", ["text", "json"])
def test_a_log_line_names_its_trace_if_there_is_one(collector: Collector, form: str) -> None:
    tracing = set_up_traces(collector.url)
    formatter = logs._Json() if form == "json" else logs._Text("%(message)s")
    record = logging.LogRecord("n", logging.INFO, "", 0, "done", (), None)
    record.fields = {"request_id": "r1"}
    with tracing.span("a", PARENT):
        line = formatter.format(record)
    without = formatter.format(record)
    tracing.close()
    if form == "text":
        assert line == f"done id=r1 trace={PARENT[3:35]}" and without == "done id=r1"
    else:
        assert json.loads(line)["trace_id"] == PARENT[3:35] and "trace_id" not in json.loads(without)


def test_tracing_that_is_off_takes_what_tracing_takes() -> None:
    tracing = Tracing()
    with tracing.span("a", PARENT, **{"http.route": "/"}) as outer, tracing.span("b") as inner:
        outer.set(**{"http.response.status_code": 200})
        inner.set()
    tracing.close()
