"""OpenTelemetry: one trace follows a piece of work through requests, calls between services, and events.

Spans are named after routes and event types and carry no address, no query and no content: a path may hold a
single-use link. Without `PORTERIA_OTLP_URL` nothing is recorded, and the trace of a caller is still handed on.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

from opentelemetry import trace
from opentelemetry.trace import Link, Span, SpanKind, Status, StatusCode
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

HEADER = "traceparent"

_propagator = TraceContextTextMapPropagator()
_tracer = trace.get_tracer("porteria")


def configure_tracing(service: str, url: str) -> None:
    """Send this process's spans to the OTLP collector at `url` (HTTP, protobuf); none if it is empty.

    Exporting happens in a thread of its own: a collector that is slow or away costs spans, never work.
    """
    if not url:
        return
    # Imported only where it is wanted: together they cost more than the rest of a small command.
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    provider = TracerProvider(resource=Resource.create({"service.name": f"porteria-{service}"}))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(endpoint=f"{url.rstrip('/')}/v1/traces")))
    trace.set_tracer_provider(provider)


def current_traceparent() -> str | None:
    """The W3C `traceparent` of the work under way, to be handed on; None outside of any trace."""
    carrier: dict[str, str] = {}
    _propagator.inject(carrier)
    return carrier.get(HEADER)


@contextmanager
def span(
    name: str,
    kind: SpanKind,
    *,
    parent: str | None = None,
    links: Sequence[str | None] = (),
    attributes: Mapping[str, str | int] | None = None,
) -> Iterator[Span]:
    """Do a piece of work in a span; an exception marks it as failed and goes on.

    `parent` is the `traceparent` of whoever asked for it (none: what is under way here), `links` those of what it
    belongs to besides, such as the events of a batch.
    """
    context = _propagator.extract({HEADER: parent}) if parent else None
    others = [Link(found) for one in links if one and (found := _context_of(one)).is_valid]
    # The text of an exception may quote what it was about, so only its kind is kept.
    with _tracer.start_as_current_span(
        name,
        context=context,
        kind=kind,
        links=others,
        attributes=dict(attributes or {}),
        record_exception=False,
        set_status_on_exception=False,
    ) as opened:
        try:
            yield opened
        except Exception as error:
            opened.set_attribute("error.type", type(error).__name__)
            opened.set_status(Status(StatusCode.ERROR))
            raise


def _context_of(traceparent: str) -> trace.SpanContext:
    return trace.get_current_span(_propagator.extract({HEADER: traceparent})).get_span_context()
