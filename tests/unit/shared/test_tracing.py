from collections.abc import Iterator

import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode

from shared import tracing

CALLER = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
OTHER = "00-aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa-bbbbbbbbbbbbbbbb-01"


@pytest.fixture
def spans(monkeypatch: pytest.MonkeyPatch) -> Iterator[InMemorySpanExporter]:
    exporter, provider = InMemorySpanExporter(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    monkeypatch.setattr(tracing, "_tracer", provider.get_tracer("test"))
    yield exporter
    provider.shutdown()


def test_a_span_goes_on_with_the_trace_of_who_asked_and_hands_it_on(spans):
    with tracing.span("work", SpanKind.SERVER, parent=CALLER):
        handed_on = tracing.current_traceparent()
    (done,) = spans.get_finished_spans()
    assert f"{done.context.trace_id:032x}" == CALLER.split("-")[1]
    assert f"{done.parent.span_id:016x}" == CALLER.split("-")[2]
    assert handed_on == f"00-{done.context.trace_id:032x}-{done.context.span_id:016x}-01"


@pytest.mark.parametrize("nonsense", ["", "x", "00-" + "0" * 32 + "-" + "0" * 16 + "-01", "00-é-1-01", "a" * 5000])
def test_a_traceparent_that_is_none_begins_a_trace_of_its_own(spans, nonsense):
    with tracing.span("work", SpanKind.CONSUMER, parent=nonsense, links=[nonsense, OTHER]):
        pass
    (done,) = spans.get_finished_spans()
    assert done.parent is None
    assert [f"{link.context.trace_id:032x}" for link in done.links] == ["a" * 32]


def test_what_an_exception_says_stays_out_of_the_span(spans):
    with pytest.raises(ValueError, match="hunter2"), tracing.span("work", SpanKind.SERVER):
        raise ValueError("the password hunter2 is wrong")
    (done,) = spans.get_finished_spans()
    assert done.status.status_code is StatusCode.ERROR
    assert dict(done.attributes) == {"error.type": "ValueError"}
    assert "hunter2" not in done.to_json()


def test_without_a_collector_nothing_is_recorded_and_the_trace_of_the_caller_is_handed_on():
    with tracing.span("work", SpanKind.SERVER, parent=CALLER):
        assert tracing.current_traceparent() == CALLER
    assert tracing.current_traceparent() is None
