"""Trace context: a caller's trace goes on, anything else begins a new one."""

import re

import pytest

from api.trace import server_span, traceparent_of

TRACE, SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
FORM = re.compile(r"00-([0-9a-f]{32})-([0-9a-f]{16})-01")


def parts(headers: dict[str, str]) -> tuple[str, str]:
    found = FORM.fullmatch(traceparent_of(server_span(headers)))
    assert found
    return found[1], found[2]


def test_a_caller_s_trace_goes_on_under_a_span_of_our_own() -> None:
    trace, span = parts({"traceparent": f"00-{TRACE}-{SPAN}-01", "tracestate": "a=b"})
    assert trace == TRACE
    assert span != SPAN


@pytest.mark.parametrize(
    "given",
    ["", "x", f"00-{'0' * 32}-{SPAN}-01", f"00-{TRACE}-{'0' * 16}-01", f"ff-{TRACE}-{SPAN}-01",
     f"00-{TRACE.upper()}x-{SPAN}-01", "00-" + "1" * 10_000],
)  # fmt: skip
def test_what_is_no_trace_context_begins_a_trace(given: str) -> None:
    one, other = parts({"traceparent": given}), parts({"traceparent": given})
    assert TRACE not in (one[0], other[0])
    assert one[0] != other[0]
