"""What is known after a request that went wrong, on real sockets, one kind of wrong at a time."""

import json
import logging
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from connectors.broker.alpaca.asking import ATTEMPTS
from connectors.broker.alpaca.client import AlpacaBroker
from connectors.broker.alpaca.market_data import AlpacaMarketData
from connectors.broker.alpaca.sending import Attempt
from connectors.broker.errors import (
    BrokerAnswerUnusable,
    BrokerAway,
    BrokerError,
    OrderRefused,
    OutcomeUnknown,
    RateLimited,
)
from connectors.broker.values import NewOrder, Replacement
from tests.broker.due import Clock
from tests.broker.raw import (
    Answer,
    Raw,
    drips,
    hangs,
    raw,
    resets,
    says,
    sends,
)
from tests.broker.served import KEY, SECRET, params_for
from tests.unit.broker.test_alpaca_account import ACCOUNT
from tests.unit.broker.test_alpaca_orders import GOOD
from tests.waiting import no_longer_than

ORDER = NewOrder(client_order_id="ours", ticker="AAPL", side="BUY", qty=10)
Ask = Callable[[AlpacaBroker], object]
CHANGES: dict[str, Ask] = {
    "submit": lambda broker: broker.submit(ORDER),
    "cancel": lambda broker: broker.cancel("some-id"),
    "replace": lambda broker: broker.replace("some-id", Replacement(client_order_id="ours")),
}
GOOD_ORDER = says(200, json.dumps(GOOD).encode())


@contextmanager
def asking(
    *answers: Answer, timeout_s: float = 60, **more: object
) -> Iterator[tuple[AlpacaBroker, Raw]]:
    with raw(*answers) as server:
        broker = AlpacaBroker(params_for(server.port, timeout_seconds=timeout_s, **more))
        try:
            yield broker, server
        finally:
            broker.close()


def nothing_listens() -> int:
    with socket.create_server(("127.0.0.1", 0)) as gone:
        port: int = gone.getsockname()[1]
    return port


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("url", ["http://127.0.0.1:{}", "https://nowhere.invalid:{}"])
def test_what_could_not_be_sent_changed_nothing(change: str, url: str) -> None:
    port = nothing_listens()
    broker = AlpacaBroker(params_for(port, trading_url=url.format(port)))
    with pytest.raises(BrokerAway, match="nothing was sent") as away:
        CHANGES[change](broker)
    assert type(away.value) is BrokerAway
    broker.close()


@pytest.mark.parametrize("change", CHANGES)
def test_without_tls_nothing_is_sent(change: str) -> None:
    with raw(says(200, b"{}")) as server:
        url = f"https://127.0.0.1:{server.port}"
        broker = AlpacaBroker(params_for(server.port, trading_url=url, timeout_seconds=0.5))
        with pytest.raises(BrokerAway, match="nothing was sent"):
            CHANGES[change](broker)
        broker.close()
        assert server.asked == []


NO_ANSWER: dict[str, Answer] = {
    "closed": sends(b""),
    "reset": resets,
    "half a head": sends(b"HTTP/1.1 200 OK\r\nContent-Le"),
    "no HTTP": sends(b"\x16\x03\x01 what is this\r\n\r\n"),
    "half a body": says(200, b'{"id": "61e6', length=500),
    "half of chunks": sends(b'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{"a":'),
    "500": says(500, b"{}"),
    "502 of a gateway": says(502, b"<html>Bad Gateway</html>"),
    "504 of Alpaca": says(504, b'{"code": 50410000, "message": "request timed out"}'),
    "408": says(408, b'{"message": "late"}'),
}
MEANINGLESS: dict[str, Answer] = {
    "HTML": says(200, b"<html>Welcome</html>"),
    "cut JSON of no length": sends(b"HTTP/1.1 200 OK\r\n\r\n{\"id\": \"61"),
    "a redirect": says(302, b"", "Location: https://elsewhere.invalid/"),
    "bad gzip": says(200, b"not gzip", "Content-Encoding: gzip"),
    "HTML that says it is not there": says(404, b"<html>Not Found</html>"),
}  # fmt: skip


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("answer", NO_ANSWER | MEANINGLESS)
def test_a_change_without_a_usable_answer_is_unknown_and_sent_once(
    change: str, answer: str
) -> None:
    with asking((NO_ANSWER | MEANINGLESS)[answer]) as (broker, server):
        with pytest.raises(OutcomeUnknown):
            CHANGES[change](broker)
        assert len(server.asked) == 1


@pytest.mark.parametrize("change", ["submit", "replace"])
@pytest.mark.parametrize(
    "body", [b"", b"[]", b"{}", b"null", json.dumps(GOOD | {"client_order_id": "other"}).encode()]
)
def test_an_answer_about_another_order_leaves_it_unknown(change: str, body: bytes) -> None:
    with asking(says(200, body)) as (broker, _), pytest.raises(OutcomeUnknown):
        CHANGES[change](broker)


@pytest.mark.parametrize("answer", NO_ANSWER)
def test_a_question_is_asked_a_few_times(answer: str) -> None:
    with asking(NO_ANSWER[answer]) as (broker, server):
        with pytest.raises(BrokerAway):
            broker.account()
        assert len(server.asked) == ATTEMPTS


def test_a_question_is_answered_at_last() -> None:
    away = [NO_ANSWER["closed"], NO_ANSWER["504 of Alpaca"]]
    with asking(*away, says(200, json.dumps(ACCOUNT).encode())) as (broker, server):
        assert broker.account().id == ACCOUNT["account_number"]
        assert len(server.asked) == 3


@pytest.mark.parametrize("answer", sorted(MEANINGLESS.keys() - {"bad gzip"}))
def test_a_question_whose_answer_means_nothing_is_said_to_have_none(answer: str) -> None:
    with asking(MEANINGLESS[answer]) as (broker, _), pytest.raises(BrokerAnswerUnusable):
        broker.order_of("ours")


@pytest.mark.parametrize(
    "answer",
    [hangs, drips(b""), drips(b"HTTP/1.1 200 OK\r\nX-A: "),
     drips(b"HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n"),
     drips(b"HTTP/1.1 200 OK\r\n\r\n")],
    ids=["silence", "no head", "half a head", "a long body", "a body of no length"],
)  # fmt: skip
def test_a_request_ends_in_time_whatever_drips(
    answer: Answer, monkeypatch: pytest.MonkeyPatch
) -> None:
    timed = Clock(monkeypatch).runs_out_once_read(answer)
    with asking(timed, timeout_s=100) as (broker, server), no_longer_than(60):
        with pytest.raises(OutcomeUnknown):
            broker.submit(ORDER)
        with pytest.raises(BrokerAway):
            broker.account()
        assert [line.split()[0] for line in server.asked] == ["POST"] + ["GET"] * ATTEMPTS


def test_the_time_of_a_request_is_counted() -> None:
    with (
        asking(drips(b""), timeout_s=0.5) as (broker, _),
        no_longer_than(60),
        pytest.raises((OutcomeUnknown, BrokerAway)),  # as fast as the machine is
    ):
        broker.submit(ORDER)


def test_what_is_too_late_is_not_sent() -> None:
    attempt = Attempt(0)
    with attempt, pytest.raises(TimeoutError, match="before"):
        attempt.leaving(None)
    assert not attempt.sent


@pytest.mark.parametrize("change", CHANGES)
def test_a_limit_that_is_reached_is_said_with_its_time_and_not_tried_again(change: str) -> None:
    full = says(429, b'{"code": 42910000, "message": "rate limit exceeded"}', "Retry-After: 7")
    with asking(full) as (broker, server):
        with pytest.raises(RateLimited) as limited:
            CHANGES[change](broker)
        assert limited.value.retry_after_s == 7
        with pytest.raises(RateLimited):
            broker.account()
        assert len(server.asked) == 2


def test_a_cancel_has_its_own_part_of_the_limit() -> None:
    none_left = says(
        200, json.dumps(ACCOUNT).encode(), "X-Ratelimit-Remaining: 3",
        f"X-Ratelimit-Reset: {int(datetime.now(UTC).timestamp()) + 3_600}",
    )  # fmt: skip
    with asking(none_left, says(204, b""), per_minute=20, reserve=4) as (broker, server):
        broker.account()
        with pytest.raises(RateLimited, match="not sent"):
            broker.submit(ORDER)
        broker.cancel("some-id")
        assert [line.split()[0] for line in server.asked] == ["GET", "DELETE"]


def test_what_waits_for_the_limit_is_let_go_when_it_is_closed() -> None:
    with asking(NO_ANSWER["closed"]) as (broker, server):
        found: list[BrokerError] = []

        def ask() -> None:
            try:
                broker.account()
            except BrokerError as error:
                found.append(error)

        broker.close()
        thread = threading.Thread(target=ask)
        thread.start()
        thread.join(60)
        assert "closed" in str(found[0])
        assert server.asked == []


def test_one_connection_serves_many_requests_and_one_that_died_is_replaced() -> None:
    with asking(GOOD_ORDER, GOOD_ORDER, resets, GOOD_ORDER) as (broker, server):
        for _ in range(2):
            assert broker.submit(ORDER).id == GOOD["id"]
        with pytest.raises(OutcomeUnknown):
            broker.submit(ORDER)
        assert broker.submit(ORDER).id == GOOD["id"]
        assert len(server.asked) == 4


def test_a_server_on_this_machine_is_asked_without_a_proxy_and_a_netrc(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login somebody password else\n")
    netrc.chmod(0o600)
    with raw(says(200, b"{}")) as proxy, asking(GOOD_ORDER) as (broker, server):
        for name in ("NO_PROXY", "no_proxy"):
            monkeypatch.delenv(name, raising=False)
        for name in ("HTTP_PROXY", "http_proxy"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
        monkeypatch.setenv("NETRC", str(netrc))
        assert broker.submit(ORDER).id == GOOD["id"]
        assert proxy.asked == []
        assert b"authorization" not in server.heads[0].lower()


def test_numbers_leave_as_exact_texts() -> None:
    with asking(GOOD_ORDER) as (broker, server):
        broker.submit(NewOrder(client_order_id="ours", ticker="AAPL", side="BUY", qty=3,
                               type="LIMIT", limit=1_000_001))  # fmt: skip
        head, _, body = server.heads[0].partition(b"\r\n\r\n")
        assert json.loads(body)["limit_price"] == "100.0001"
        assert json.loads(body)["qty"] == "3"
        assert f"APCA-API-KEY-ID: {KEY}".encode() in head


def test_keys_are_in_no_error_and_no_log(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    echo = says(422, json.dumps({"code": 1, "message": f"bad {KEY} {SECRET}"}).encode())
    texts = []
    for answer in (echo, says(200, f"<p>{SECRET}".encode()), sends(f"{SECRET} x\r\n\r\n".encode())):
        with asking(answer) as (broker, _):
            for ask in (*CHANGES.values(), AlpacaBroker.account):
                with pytest.raises(BrokerError) as raised:
                    ask(broker)
                texts.append(f"{raised.value} {raised.value!r} {vars(raised.value)}")
                assert raised.value.__cause__ is None
    shown = "".join(texts) + caplog.text
    assert SECRET not in shown
    assert KEY not in shown


def test_a_refusal_keeps_alpacas_words() -> None:
    body = b'{"code": 40310000, "message": "insufficient buying power"}'
    with asking(says(403, body)) as (broker, _), pytest.raises(OrderRefused) as refused:
        broker.submit(ORDER)
    assert (refused.value.reason, refused.value.broker_code) == (
        "insufficient buying power", "40310000",
    )  # fmt: skip


def test_a_history_whose_pages_never_end_is_refused() -> None:
    page = says(200, b'{"bars": {}, "next_page_token": "again"}')
    moment = datetime(2026, 3, 16, tzinfo=UTC)
    with raw(page) as server:
        data = AlpacaMarketData(params_for(server.port))
        with pytest.raises(BrokerAnswerUnusable, match="end"):
            data.history(["AAPL"], "1m", moment, moment)
        data.close()
