"""Spans to an OpenTelemetry collector, over HTTP.

The SDK reads its own variables: OTEL_EXPORTER_OTLP_ENDPOINT and …_HEADERS, OTEL_TRACES_SAMPLER,
OTEL_RESOURCE_ATTRIBUTES. It sends from a thread of its own, which it starts anew after a fork.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import SERVICE_NAME, SERVICE_VERSION, Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import SpanKind, Status, StatusCode, get_current_span
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from s3project import __version__
from s3project.logs.context import noted, origin, request_id
from s3project.telemetry import traces
from s3project.telemetry.traces import Kind

PROPAGATOR = TraceContextTextMapPropagator()


class OpenTelemetry:
    """See `traces.Tracing`."""

    def __init__(self, service: str) -> None:
        resource = Resource.create({SERVICE_NAME: f"s3-{service}", SERVICE_VERSION: __version__})
        provider = TracerProvider(resource=resource)
        provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
        self._tracer = provider.get_tracer("s3", __version__)

    @contextmanager
    def span(self, name: str, kind: Kind, parent: Mapping[str, str] | None) -> Iterator[None]:
        # With headers that hold no trace, one begins.
        around = None if parent is None else PROPAGATOR.extract(parent, Context())
        with self._tracer.start_as_current_span(
            name,
            context=around,
            kind=SpanKind[kind.name],
            # The text of an exception may hold an address, and an address a right.
            record_exception=False,
            set_status_on_exception=False,
        ) as current:
            try:
                yield
            except BaseException as error:
                current.set_status(Status(StatusCode.ERROR, type(error).__name__))
                raise
            finally:
                current.set_attributes({f"s3.{name}": value for name, value in noted().items()})
                current.set_attribute("s3.request_id", request_id.get())
                current.set_attribute("s3.origin", origin())

    def describe(self, name: str, facts: Mapping[str, Any]) -> None:
        current = get_current_span()
        current.update_name(name)
        current.set_attributes(dict(facts))

    def carrier(self) -> dict[str, str]:
        headers: dict[str, str] = {}
        PROPAGATOR.inject(headers)
        return headers

    def trace_id(self) -> str:
        found = get_current_span().get_span_context()
        return f"{found.trace_id:032x}" if found.is_valid else ""


def turn_on(service: str) -> None:
    traces.turn_on(OpenTelemetry(service))
