"""What no client of Alpaca's sends: answered in its words, never with a 500 or a lost socket."""

import json
from collections.abc import Iterator
from typing import Any

import httpx
import msgpack
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from connectors.broker.stand_in.sockets import TRY_AGAIN
from tests.broker.standing import KEYS, OPEN, Standing, minute, standing
from tests.waiting import eventually

LONG, DEEP = "9" * 5_000, "[" * 100_000
ORDER = {"symbol": "AAPL", "qty": "1", "side": "buy", "type": "market", "time_in_force": "day"}
BAR = {
    "ticker": "AAPL", "start": "2026-03-19T13:30:00Z", "interval": "1m", "open": 1, "high": 1,
    "low": 1, "close": 1, "volume": 1,
}  # fmt: skip
NEWS = {"number": 1, "headline": "h", "created_at": BAR["start"], "updated_at": BAR["start"]}
EDGES = ("0001-01-01T00:00:00+23:00", "9999-12-31T23:59:59-23:00")
HUGE = ("1E+9999999", "1E-9999999", "nan", "sNaN", "inf", "1E+99999999999999999999", LONG, "\u0661")
LISTS = ("/v2/orders", "/v2/account/activities", "/v2/stocks/bars?symbols=AAPL&timeframe=1Day",
         "/v1beta1/news", "/v2/calendar", "/v2/positions", "/v2/assets", "/v2/clock")  # fmt: skip
NAMES = ("limit", "page_size", "page_token", "after", "until", "start", "end", "direction", "sort",
         "status", "symbols", "timeframe", "nested", "side")  # fmt: skip
HEADERS = {"APCA-API-KEY-ID": KEYS.key, "APCA-API-SECRET-KEY": KEYS.secret}


@pytest.fixture(scope="module")
def up(tmp_path_factory: Any) -> Iterator[Standing]:
    with standing(tmp_path_factory.mktemp("hostile")) as found:
        found.hand.headers.update(HEADERS)
        found.play(100.0)
        found.buy("held", 10)
        found.play(100.0)
        yield found


def refused(answer: httpx.Response) -> None:
    assert 400 <= answer.status_code < 500, (answer.status_code, answer.text[:200])
    assert answer.json()["message"]


@pytest.mark.parametrize(
    ("method", "path", "params"),
    [
        ("GET", "/v2/orders", {"limit": LONG}),
        ("GET", "/v2/orders", {"limit": "²"}),
        ("GET", "/v2/account/activities", {"page_size": LONG}),
        *(("GET", "/v1beta1/news", {"page_token": bad}) for bad in ("²", LONG)),
        *(("GET", "/v2/orders", {"after": at}) for at in EDGES),
        *(("GET", "/v2/account/activities", {"until": at}) for at in EDGES),
        *(("GET", "/v1beta1/news", {"start": at}) for at in EDGES),
        *(("GET", "/v2/calendar", {"start": at}) for at in (*EDGES, "9999-12-30")),
        *(("DELETE", "/v2/positions/AAPL", {"qty": bad}) for bad in HUGE),
        *(("DELETE", "/v2/positions/AAPL", {"percentage": bad}) for bad in HUGE),
    ],
)
def test_parameters_are_refused(
    up: Standing, method: str, path: str, params: dict[str, str]
) -> None:
    refused(up.hand.request(method, path, params=params))


def with_raw(body: dict[str, Any], name: str, raw: str) -> str:
    """Return JSON with a field as it is written here, even where Python would not."""
    return json.dumps({**body, name: "here"}).replace('"here"', raw)


BODIES = [
    DEEP, '{"x":' + DEEP, "\ufeff{}", "[]", "NaN", '{"qty": 1E+99999999999999999999}',
    *(with_raw(ORDER, name, r'"\ud800"') for name in ("symbol", "client_order_id", "side")),
    *(with_raw(ORDER, "qty", raw) for raw in ("1E+9999999", "1E-9999999", "NaN", LONG, "true")),
    *(with_raw(ORDER, "qty", f'"{raw}"') for raw in HUGE),
    *(with_raw(ORDER, "client_order_id", raw) for raw in ("5", "[[]]", "{}")),
    *(with_raw(ORDER, "order_class", raw) for raw in ("5", "[1]", '{"a": 1}')),
    *(
        with_raw({**ORDER, "type": kind}, name, raw)
        for kind, name in (("limit", "limit_price"), ("stop", "stop_price"))
        for raw in ("1E+9999999", '"1E-9999999"', '"sNaN"', LONG)
    ),
    with_raw({**ORDER, "order_class": "oto"}, "stop_loss", '{"stop_price": "1E+9999999"}'),
]  # fmt: skip


@pytest.mark.parametrize("body", BODIES, ids=range(len(BODIES)))
def test_orders_are_refused(up: Standing, body: str) -> None:
    rows = len(up.books.orders)
    refused(up.hand.post("/v2/orders", content=body))
    refused(up.hand.patch("/v2/orders/none", content=body))
    assert len(up.books.orders) == rows


KEPT = [
    *(("news", {**NEWS, "updated_at": at}) for at in ("2026-03-19T14:00:00", *EDGES)),
    ("news", {**NEWS, "created_at": "2026-03-19T14:00:00"}),
    ("news", {**NEWS, "number": 2**64}),
    *(
        (path, {"bars": [BAR, {**BAR, **bad}]})
        for path in ("past", "bars")
        for bad in (
            {"start": "0001-01-01T00:00:00Z"}, {"start": "9999-12-31T23:59:00Z"},
            {"start": "2026-03-19T14:00:00"}, {"close": 1e308}, {"low": -1}, {"volume": 1e300},
            {"ticker": "a\n"},
        )
    ),
    ("faults", {"faults": "all", "seed": int("9" * 4_000)}),
]  # fmt: skip


@pytest.mark.parametrize(("path", "body"), KEPT)
def test_what_is_done_by_hand_is_refused_whole(up: Standing, path: str, body: Any) -> None:
    before = [up.hand.get(f"{each}").text for each in LISTS]
    refused(up.hand.post(f"/stand-in/{path}", content=json.dumps(body)))
    assert [up.hand.get(f"{each}").text for each in LISTS] == before


@pytest.mark.parametrize("path", ["bars", "past", "news", "halt", "faults"])
@pytest.mark.parametrize("body", [b"\xff", b'{"x":' + DEEP.encode(), b'{"faults":"\\ud800"}'])
def test_bytes_by_hand_are_refused(up: Standing, path: str, body: bytes) -> None:
    refused(up.hand.post(f"/stand-in/{path}", content=body))


ODD = st.one_of(
    st.sampled_from((*HUGE, *EDGES, "²", "0", "-1", "1" * 19, "9999-12-31", "0001-01-01", "\x00")),
    st.text(max_size=12),
)


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(path=st.sampled_from(LISTS), params=st.dictionaries(st.sampled_from(NAMES), ODD, max_size=3))
def test_no_question_breaks_the_server(up: Standing, path: str, params: dict[str, str]) -> None:
    try:
        url = httpx.URL(path).copy_merge_params(params)
    except (UnicodeError, httpx.InvalidURL):
        return
    assert up.hand.get(url).status_code < 500


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.sampled_from(HUGE)
    | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=4,
)  # fmt: skip
FIELDS = (*ORDER, "limit_price", "stop_price", "order_class", "stop_loss", "take_profit",
          "client_order_id", "extended_hours", "notional")  # fmt: skip


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(changes=st.dictionaries(st.sampled_from(FIELDS), JSON, max_size=3))
def test_no_order_breaks_the_server(up: Standing, changes: dict[str, Any]) -> None:
    body = json.dumps({**ORDER, **changes})
    assert up.hand.post("/v2/orders", content=body).status_code < 500


def auth(socket: ClientConnection, binary: bool) -> None:
    said = {"action": "auth", "key": KEYS.key, "secret": KEYS.secret}
    socket.send(msgpack.packb(said) if binary else json.dumps(said))


@pytest.mark.parametrize(
    "message",
    [
        '{"action":"listen","data":{"streams":5}}',
        '{"action":"listen","data":{"streams":"trade_updates"}}',
        '{"action":"listen","data":{"streams":{}}}', DEEP, '{"x":' + DEEP, b"\xff\xfe", "5",
        r'{"action":"auth","key":"\ud800","secret":"\ud800"}',
    ],
)  # fmt: skip
def test_the_trade_stream_answers_what_it_cannot_read(up: Standing, message: str | bytes) -> None:
    with connect(f"{up.ws}/stream") as socket:
        auth(socket, binary=False)
        assert json.loads(socket.recv(30))["data"]["status"] == "authorized"
        socket.send('{"action":"listen","data":{"streams":["trade_updates"]}}')
        socket.recv(30)
        socket.send(message)
        frame = json.loads(socket.recv(30))
        assert frame["stream"] == "listening"
        assert frame["data"] == {"error": "invalid syntax", "streams": ["trade_updates"]}
        assert up.followed()["trades"] == 1
    eventually(lambda: up.followed()["trades"] == 0)


@pytest.mark.parametrize("message", [DEEP, '{"action":"auth","key":"\\ud800","secret":"x"}'])
def test_the_trade_stream_ends_in_order_before_it_knows_who_asks(
    up: Standing, message: str
) -> None:
    with connect(f"{up.ws}/stream") as socket:
        socket.send(message)
        assert json.loads(socket.recv(30))["stream"] == "listening"
        with pytest.raises(ConnectionClosed) as closed:
            socket.recv(30)
        assert closed.value.rcvd is not None  # a close frame came
        assert closed.value.rcvd.code == TRY_AGAIN


@pytest.mark.parametrize("path", ["/v2/iex", "/v1beta1/news"])
@pytest.mark.parametrize(
    "message",
    [
        *(
            msgpack.packb({"action": action, "bars": bad, "news": bad})
            for action in ("subscribe", "unsubscribe")
            for bad in (5, True, "AAPL", {"A": 1}, [5], [["A"]])
        ),
        msgpack.packb({"action": ["subscribe"]}),
        msgpack.packb(5), b"\xc1", b"", b"\x91" * 100_000, b"\xd6\xff\x00", b"\x81\x90\x01",
        b"\x81\xa1a\xa1\xff",
    ],
)  # fmt: skip
def test_data_streams_answer_what_they_cannot_read(up: Standing, path: str, message: bytes) -> None:
    with connect(f"{up.ws}{path}") as socket:
        socket.recv(30)
        auth(socket, binary=True)
        assert msgpack.unpackb(socket.recv(30)) == [{"T": "success", "msg": "authenticated"}]
        socket.send(message)
        assert msgpack.unpackb(socket.recv(30)) == [
            {"T": "error", "code": 400, "msg": "invalid syntax"}
        ]
        assert not any(up.followed()["iex"].values())
    eventually(lambda: _free(up, path))


def _free(up: Standing, path: str) -> bool:
    """Tell whether the one place of a stream is free again."""
    with connect(f"{up.ws}{path}") as socket:
        socket.recv(30)
        auth(socket, binary=True)
        return bool(msgpack.unpackb(socket.recv(30))[0]["T"] == "success")


def test_the_server_still_trades(up: Standing) -> None:
    up.do("past", {"bars": [minute(OPEN, 5, "MSFT")]})
    assert up.hand.get("/v2/stocks/bars?symbols=AAPL&timeframe=1Day").status_code == 200
    assert up.buy("again", 1).client_order_id == "again"
