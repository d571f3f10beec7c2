"""What an HTTP answer says of a request: one table for questions and one for changes."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from connectors.broker.alpaca.refusals import body_of, reset_of, wait_of
from connectors.broker.errors import (
    BrokerAccessDenied,
    BrokerAnswerUnusable,
    BrokerAway,
    BrokerError,
    NotAtBroker,
    OrderDuplicate,
    OrderRefused,
    OutcomeUnknown,
    RateLimited,
)

HTML = b"<html><body>502 Bad Gateway</body></html>"
NOW = datetime(2026, 3, 16, 14, 0, tzinfo=UTC)


def said(message: Any, code: Any = None) -> bytes:
    return json.dumps({"message": message} | ({} if code is None else {"code": code})).encode()


TWICE = said("client_order_id must be unique", 40010001)
TABLE: list[tuple[int, bytes, type[BrokerError], type[BrokerError]]] = [
    # status, body, what a question raises, what a change raises
    (400, said("no", 40010000), BrokerAnswerUnusable, OrderRefused),
    (400, HTML, BrokerAnswerUnusable, OutcomeUnknown),
    (400, b"", BrokerAnswerUnusable, OutcomeUnknown),
    (401, said("request is not authorized", 40110000), BrokerAccessDenied, BrokerAccessDenied),
    (401, b"", BrokerAccessDenied, BrokerAccessDenied),
    (403, said("forbidden."), BrokerAccessDenied, BrokerAccessDenied),
    (403, said("request is not authorized", 40110000), BrokerAccessDenied, BrokerAccessDenied),
    (403, said("insufficient buying power", 40310000), BrokerAccessDenied, OrderRefused),
    (403, HTML, BrokerAnswerUnusable, OutcomeUnknown),
    (404, said("order not found", 40410000), NotAtBroker, NotAtBroker),
    (409, said("request in progress", 40910000), BrokerAnswerUnusable, OutcomeUnknown),
    (409, said("client_order_id already exists", 1), BrokerAnswerUnusable, OrderDuplicate),
    (400, said("client_order_id already used"), BrokerAnswerUnusable, OrderDuplicate),
    (403, said("duplicate client_order_id", 40310000), BrokerAccessDenied, OrderDuplicate),
    (403, said("client_order_id must be unique"), BrokerAccessDenied, OrderDuplicate),
    (404, said("client_order_id must be unique", 1), NotAtBroker, OrderDuplicate),
    (422, said("client_order_id must be unique", 42210000), BrokerAnswerUnusable, OrderDuplicate),
    (422, said("order_id must be unique", 40010001), NotAtBroker, OrderDuplicate),
    (425, said("too early"), BrokerAnswerUnusable, OutcomeUnknown),
    (499, said("client closed request"), BrokerAnswerUnusable, OutcomeUnknown),
    (405, said("method not allowed"), BrokerAnswerUnusable, OutcomeUnknown),
    (404, HTML, BrokerAnswerUnusable, OutcomeUnknown),
    (404, b'{"message": 5}', BrokerAnswerUnusable, OutcomeUnknown),
    (404, b"[]", BrokerAnswerUnusable, OutcomeUnknown),
    (408, said("late"), BrokerAway, OutcomeUnknown),
    (422, TWICE, BrokerAnswerUnusable, OrderDuplicate),
    (422, said("client_order_id must be unique", "40010001"), BrokerAnswerUnusable, OrderDuplicate),
    (422, said("client_order_id is too long", 40010001), BrokerAnswerUnusable, OrderRefused),
    (422, said("qty must be > 0", 40010001), BrokerAnswerUnusable, OrderRefused),
    (422, said("order_id is missing", 40010001), NotAtBroker, NotAtBroker),
    (422, said('order is already in "filled" state', 42210000), BrokerAnswerUnusable, OrderRefused),
    (422, said("names must be unique", 42210000), BrokerAnswerUnusable, OrderRefused),
    (422, HTML, BrokerAnswerUnusable, OutcomeUnknown),
    (429, said("rate limit exceeded", 42910000), RateLimited, RateLimited),
    (429, HTML, RateLimited, RateLimited),
    (500, said("oh", 50010000), BrokerAway, OutcomeUnknown),
    (502, HTML, BrokerAway, OutcomeUnknown),
    (503, b"", BrokerAway, OutcomeUnknown),
    (504, said("request timed out", 50410000), BrokerAway, OutcomeUnknown),
    (302, b"", BrokerAnswerUnusable, OutcomeUnknown),
    (101, b"", BrokerAnswerUnusable, OutcomeUnknown),
    (200, HTML, BrokerAnswerUnusable, OutcomeUnknown),
    (200, b'{"id": "cut', BrokerAnswerUnusable, OutcomeUnknown),
    (200, b"\xff\xfe\x00", BrokerAnswerUnusable, OutcomeUnknown),
    (200, b"[" * 100_000, BrokerAnswerUnusable, OutcomeUnknown),
]


def plain(text: object) -> str:
    return str(text)


@pytest.mark.parametrize(("status", "body", "question", "change"), TABLE)
def test_what_is_known_afterwards(
    status: int, body: bytes, question: type[BrokerError], change: type[BrokerError]
) -> None:
    for method, kind in (
        ("GET", question),
        ("POST", change),
        ("PATCH", change),
        ("DELETE", change),
    ):
        with pytest.raises(BrokerError) as raised:
            body_of(method, status, {}, body, plain)
        new = method == "POST" and kind is NotAtBroker  # an order that is new is not looked for
        assert type(raised.value) is (OrderRefused if new else kind), method


@pytest.mark.parametrize("status", [200, 201, 204, 207])
def test_a_good_answer_is_its_body(status: int) -> None:
    assert body_of("DELETE", status, {}, b"", plain) is None
    assert body_of("GET", status, {}, b'{"a": 1}', plain) == {"a": 1}


def test_a_refusal_keeps_the_brokers_words_and_number() -> None:
    with pytest.raises(OrderRefused) as refused:
        body_of("POST", 403, {}, said("insufficient buying power", 40310000), plain)
    assert (refused.value.reason, refused.value.broker_code) == (
        "insufficient buying power", "40310000",
    )  # fmt: skip


def test_keys_that_come_back_in_an_answer_are_hidden() -> None:
    def hide(text: object) -> str:
        return str(text).replace("secret", "***")

    for status, body in ((422, said("the secret", 1)), (200, b"<secret>"), (500, said("secret"))):
        with pytest.raises(BrokerError) as raised:
            body_of("POST", status, {}, body, hide)
        assert "secret" not in str(raised.value)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Retry-After": "7"}, 7.0),
        ({"Retry-After": "0"}, 1.0),
        ({"Retry-After": "99999"}, 120.0),
        ({"Retry-After": "Mon, 16 Mar 2026 14:00:09 GMT"}, 9.0),
        ({"Retry-After": "soon"}, 60.0),
        ({"X-Ratelimit-Reset": str(int(NOW.timestamp()) + 20)}, 20.0),
        ({"X-Ratelimit-Reset": "5"}, 1.0),
        ({"X-Ratelimit-Reset": "nan"}, 60.0),
        ({"Retry-After": "-5", "X-Ratelimit-Reset": str(int(NOW.timestamp()) + 3)}, 3.0),
        ({}, 60.0),
    ],
)
def test_how_long_to_wait_is_bounded(headers: dict[str, str], seconds: float) -> None:
    assert wait_of(headers, NOW) == seconds


def test_the_brokers_clock_counts_and_not_ours() -> None:
    reset = {"X-Ratelimit-Reset": str(int(NOW.timestamp()) + 10)}
    assert reset_of(reset | {"Date": "Mon, 16 Mar 2026 14:00:00 GMT"}) == 10
    assert wait_of(reset | {"Date": "Mon, 16 Mar 2026 14:00:00 GMT"}) == 10
    for odd in ("", "yesterday", "Mon, 99 Mar 2026 14:00:00 GMT"):
        assert (reset_of(reset | {"Date": odd}) or 0) < 10
