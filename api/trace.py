"""Trace context (W3C): a request belongs to its caller's trace, or begins one.

What is written for it carries on: `traceparent` on a command's record, `traceresponse` on the
answer, the trace's id in the log.
"""

from collections.abc import Mapping
from typing import Final

from opentelemetry.sdk.trace.id_generator import RandomIdGenerator
from opentelemetry.trace import SpanContext, TraceFlags, format_span_id, format_trace_id
from opentelemetry.trace.propagation import get_current_span
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

PROPAGATOR: Final = TraceContextTextMapPropagator()
IDS: Final = RandomIdGenerator()


def server_span(headers: Mapping[str, str]) -> SpanContext:
    """Return the context of a request's own span, in the trace that its headers name, or a new one.

    Args:
        headers: of the request, by lower-case names; what is no trace context counts as none.
    """
    carrier = {name: headers[name] for name in ("traceparent", "tracestate") if name in headers}
    parent = get_current_span(PROPAGATOR.extract(carrier)).get_span_context()
    trace = parent.trace_id if parent.is_valid else IDS.generate_trace_id()
    return SpanContext(trace, IDS.generate_span_id(), is_remote=False, trace_flags=TraceFlags(1))


def traceparent_of(span: SpanContext) -> str:
    """Return a span as `traceparent` has it.

    >>> traceparent_of(SpanContext(1, 2, False, TraceFlags(1)))
    '00-00000000000000000000000000000001-0000000000000002-01'
    """
    return f"00-{format_trace_id(span.trace_id)}-{format_span_id(span.span_id)}-01"
