"""Traces by OpenTelemetry, for those who collect them. Without an endpoint they are off: it is not even imported."""

from __future__ import annotations

import logging
import os
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Final, Protocol
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from opentelemetry import trace
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import SpanExporter

log = logging.getLogger(__name__)

ATTRIBUTES: Final = frozenset(
    {
        "configedge.action",
        "configedge.bundle",
        "configedge.changed",
        "configedge.commit",
        "configedge.dry_run",
        "configedge.environment",
        "configedge.generation",
        "configedge.namespace",
        "configedge.problem",
        "configedge.retries",
        "error.type",
        "http.request.method",
        "http.response.status_code",
        "http.route",
        "request.id",
    }
)
"""What a span may say. Anything else is left out, so that no value and no credential gets into a trace by mistake."""

Attribute = str | bool | int | float

_ENDPOINTS = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
_MOST_TEXT = 200
_EXPORT_S = 5.0
_FLUSH_S = 2.0
_EXPORTER_LOG = "opentelemetry.exporter.otlp.proto.http.trace_exporter"
_SELDOM_S = 300.0


class TracingError(ValueError):
    """Traces are asked for and cannot be had. One line, says what to do."""


class Span(Protocol):
    """A piece of work that is under way."""

    def set(self, **attributes: Attribute) -> None:
        """Adds attributes that are known only now. Names with dots are given as `**{"http.route": ...}`."""


class Tracing:
    """Where spans go. This one is for when nobody collects them: it costs next to nothing."""

    on = False

    def span(self, name: str, traceparent: str | None = None, **attributes: Attribute) -> AbstractContextManager[Span]:
        """Times what is done inside. A span in it, in the same thread or task, is its child.

        `traceparent` is a request's header (W3C Trace Context): the span is then a part of the caller's trace. An
        exception marks the span with its type; its text is left out. Attributes outside ATTRIBUTES are left out.
        """
        return _NOTHING

    def close(self) -> None:
        """Sends what is not sent yet, for two seconds at most."""


def set_up_traces(endpoint: str | None, service: str = "configedge-control") -> Tracing:
    """Traces to an OTLP/HTTP collector, as in `http://collector:4318`, or to nowhere.

    Without an endpoint the standard variables of the environment say it, and the other ones of OpenTelemetry count too
    (headers, certificates, resource attributes). Raises TracingError.
    """
    named = endpoint or next((value for name in _ENDPOINTS if (value := os.environ.get(name))), None)
    if named is None or os.environ.get("OTEL_SDK_DISABLED", "").lower() == "true":
        return Tracing()
    try:
        parts = urlsplit(named)
        usable = parts.scheme in ("http", "https") and parts.hostname and "@" not in parts.netloc
    except ValueError:
        usable = False
    if not usable:
        raise TracingError("the endpoint for traces is no URL of a collector; give one like http://collector:4318")
    return _Collected(f"{endpoint.rstrip('/')}/v1/traces" if endpoint else None, service)


def trace_id() -> str:
    """The trace that the current work belongs to, 32 hexadecimal digits; empty if it is none."""
    trace = sys.modules.get("opentelemetry.trace")
    if trace is None:
        return ""
    context = trace.get_current_span().get_span_context()
    return str(trace.format_trace_id(context.trace_id)) if context.is_valid else ""


class _NoSpan:
    def set(self, **attributes: Attribute) -> None:
        pass


_NOTHING: Final = nullcontext(_NoSpan())


class _Collected(Tracing):
    """Spans to a collector, in batches, by a thread of its own. One that is away costs requests nothing."""

    on = True

    def __init__(self, url: str | None, service: str) -> None:
        try:
            from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
            from opentelemetry.sdk.resources import Resource
            from opentelemetry.sdk.trace import TracerProvider
            from opentelemetry.sdk.trace.export import BatchSpanProcessor
            from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
        except ImportError:
            raise TracingError("traces need packages of their own: pip install 'configedge[otel]'") from None
        self._propagator = TraceContextTextMapPropagator()
        resource = Resource.create({"service.name": service, "service.version": _version()})
        self._provider: TracerProvider = TracerProvider(resource=resource, shutdown_on_exit=False)
        self._exporter: SpanExporter = OTLPSpanExporter(url, timeout=_EXPORT_S)
        self._provider.add_span_processor(BatchSpanProcessor(self._exporter))
        self._seldom = _Seldom()
        logging.getLogger(_EXPORTER_LOG).addFilter(self._seldom)
        self._tracer: trace.Tracer = self._provider.get_tracer("configedge")

    def span(self, name: str, traceparent: str | None = None, **attributes: Attribute) -> AbstractContextManager[Span]:
        return self._span(name, traceparent, attributes)

    @contextmanager
    def _span(self, name: str, traceparent: str | None, attributes: Mapping[str, Attribute]) -> Iterator[Span]:
        parent = self._propagator.extract({"traceparent": traceparent}) if traceparent else None
        # The library would record the text of an exception, which may hold a value.
        with self._tracer.start_as_current_span(
            name, parent, attributes=_allowed(attributes), record_exception=False, set_status_on_exception=False
        ) as span:
            try:
                yield _Recorded(span)
            except BaseException as error:
                from opentelemetry.trace import StatusCode

                span.set_attribute("error.type", type(error).__name__)
                span.set_status(StatusCode.ERROR)
                raise

    def close(self) -> None:
        # The library waits for half a minute if the collector hangs.
        ending = threading.Thread(target=self._provider.shutdown, name="traces", daemon=True)
        ending.start()
        ending.join(_FLUSH_S)
        if ending.is_alive():
            # What is queued still is dropped, not tried for as long again.
            self._exporter.shutdown()
            log.warning("the last traces are lost: the collector did not take them within %g s", _FLUSH_S)
        else:
            logging.getLogger(_EXPORTER_LOG).removeFilter(self._seldom)


class _Seldom(logging.Filter):
    """Lets each kind of message through once in a while: a collector that is away is told of with every batch."""

    def __init__(self) -> None:
        super().__init__()
        self._last: dict[str, float] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        now = time.monotonic()
        if now - self._last.get(record.msg, -_SELDOM_S) < _SELDOM_S:
            return False
        self._last[record.msg] = now
        return True


class _Recorded:
    def __init__(self, span: trace.Span) -> None:
        self._span = span

    def set(self, **attributes: Attribute) -> None:
        self._span.set_attributes(_allowed(attributes))


def _allowed(attributes: Mapping[str, Attribute]) -> dict[str, Attribute]:
    return {
        name: value[:_MOST_TEXT] if isinstance(value, str) else value
        for name, value in attributes.items()
        if name in ATTRIBUTES
    }


def _version() -> str:
    try:
        return version("configedge")
    except PackageNotFoundError:
        return "0"
