"""Small parts of the stand-in: limits, queues, the tape, split fills, orders as they are read."""

import asyncio
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.requests import Request

from connectors.broker.alpaca.account import calendar_of
from connectors.broker.stand_in import outbox as outbox_module
from connectors.broker.stand_in.asked import day_in, moment_in, number_in, page_of
from connectors.broker.stand_in.data_stream import STOCKS, DataStream
from connectors.broker.stand_in.faults import Faults
from connectors.broker.stand_in.hours import clock_at, days_between, moved
from connectors.broker.stand_in.keys import Keys
from connectors.broker.stand_in.limiter import Limiter
from connectors.broker.stand_in.orders_in import order_in, replacement_in
from connectors.broker.stand_in.outbox import END, Outbox
from connectors.broker.stand_in.problems import Refusal
from connectors.broker.stand_in.shapes import day_shape
from connectors.broker.stand_in.split import split
from connectors.broker.stand_in.tape import Tape, joined
from connectors.broker.stand_in.trade_stream import TradeStream
from connectors.broker.stand_in.update_faults import Frame
from connectors.broker.values import Bracket, BrokerFill, BrokerOrder, MarketBar, OrderUpdate
from connectors.market.calendar import NEW_YORK, new_york_sessions
from messages.units import to_datetime, to_micros, to_money
from operators.trading.sessions import SessionTable

AT = datetime(2026, 3, 19, 14, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
BODY = {"symbol": "AAPL", "qty": "5", "side": "buy", "type": "market", "time_in_force": "day"}


def bar(n: int, close: float, **more: Any) -> MarketBar:
    return MarketBar(
        ticker="AAPL", start=AT + n * MINUTE, interval="1m", open=close, high=close + 1,
        low=close - 1, close=close, volume=10, **more,
    )  # fmt: skip


def test_a_limit_begins_anew_with_each_minute_of_the_clock() -> None:
    now = [AT + timedelta(seconds=59)]
    limiter = Limiter(2, lambda: now[0])
    assert [limiter.take() for _ in range(3)] == [True, True, False]
    now[0] += timedelta(seconds=1)
    assert limiter.take()
    assert limiter.headers() == {
        "X-Ratelimit-Limit": "2", "X-Ratelimit-Remaining": "1",
        "X-Ratelimit-Reset": str(int((AT + 2 * MINUTE).timestamp())),
    }  # fmt: skip


def test_no_limit_says_nothing() -> None:
    limiter = Limiter(0, lambda: AT)
    assert all(limiter.take() for _ in range(1_000))
    assert limiter.headers() == {}


def test_keys_fit_as_a_pair_alone() -> None:
    keys = Keys("k", "s")
    assert keys.fit("k", "s")
    assert not any(keys.fit(*pair) for pair in (("k", "x"), ("x", "s"), (None, "s"), ("k", b"s")))
    assert "secret" not in repr(keys)


def sent(*frames: Frame, overtaken_s: float = 3_600) -> list[Any]:
    """Return what a listener is sent."""

    async def run() -> list[Any]:
        found: list[Any] = []
        outbox = Outbox(overtaken_s)

        async def send(body: Any) -> None:
            found.append(body)

        for frame in frames:
            outbox.put(frame)
        await outbox.pump(send)
        return found

    return asyncio.run(run())


def test_frames_are_sent_in_order_until_one_cuts() -> None:
    assert sent(Frame(1), Frame(2, wait_s=0.01), Frame(3), END, Frame(4)) == [1, 2, 3]


def test_the_next_frame_overtakes() -> None:
    assert sent(Frame(1, overtaken=True), Frame(2), Frame(3, cut=True)) == [2, 1, 3]


def test_a_frame_that_none_overtakes_is_sent_all_the_same() -> None:
    assert sent(Frame(1, overtaken=True, cut=True), overtaken_s=0.01) == [1]


def test_a_listener_that_is_far_behind_is_let_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbox_module, "MOST", 2)
    assert sent(*(Frame(n) for n in range(5))) == [0, 1]


def test_the_tape_keeps_one_bar_of_each_minute_in_order() -> None:
    tape = Tape()
    for each in (bar(1, 11), bar(0, 10), bar(1, 12, revised=True)):
        tape.put(each)
    assert [b.close for b in tape.between(["AAPL"], AT, AT + MINUTE)] == [10, 12]
    assert [b.close for b in tape.between(["AAPL", "X"], AT + MINUTE, AT + MINUTE)] == [12]
    assert tape.tickers == ["AAPL"]


def test_minutes_are_joined() -> None:
    bars = [bar(n, 10 + n) for n in range(7)]
    first, second = joined(bars, "5m")
    assert (first.open, first.high, first.low, first.close, first.volume) == (10, 15, 9, 14, 50)
    assert (second.start, second.close, second.interval) == (AT + 5 * MINUTE, 16, "5m")


@given(st.integers(0, 50), st.integers(1, 10**6), st.integers(1, 10**7), st.integers(1, 10**7))
def test_the_parts_of_a_fill_are_the_fill(before: int, qty: int, price: int, earlier: int) -> None:
    filled = before + qty
    value = to_money(earlier) * before + to_money(price) * qty
    order = BrokerOrder(
        id="o", client_order_id="a", ticker="X", side="BUY", qty=filled, filled=filled,
        average=(value / filled).quantize(Decimal("0.000001")), status="FILLED", word="filled",
    )  # fmt: skip
    fill = BrokerFill(
        execution_id="e", order_id="o", ticker="X", side="BUY", qty=qty, price=price, at=AT
    )  # fmt: skip
    parts = split(OrderUpdate(kind="FILLED", order=order, at=AT, word="fill", fill=fill))
    fills = [part.fill for part in parts if part.fill]
    assert sum(f.qty for f in fills) == qty
    assert {f.price for f in fills} == {price}
    assert len({f.execution_id for f in fills}) == len(fills) == min(3, qty)
    assert parts[-1].order == order
    assert [p.kind for p in parts] == ["PARTIALLY_FILLED"] * (len(parts) - 1) + ["FILLED"]
    counts = [p.order.filled for p in parts]
    assert counts == sorted(set(counts))


def test_an_order_is_read_exactly() -> None:
    order = order_in({**BODY, "type": "limit", "limit_price": Decimal("101.15"), "qty": "5.0"})
    assert (order.ticker, order.qty, order.limit, order.side) == ("AAPL", 5, 1_011_500, "BUY")
    assert 1 <= len(order.client_order_id) <= 48
    bracket = {
        "order_class": "bracket", "stop_loss": {"stop_price": 95},
        "take_profit": {"limit_price": "110"},
    }  # fmt: skip
    assert order_in({**BODY, **bracket}).bracket == Bracket(stop=950_000, target=1_100_000)
    oto = {"order_class": "oto", "stop_loss": {"stop_price": 95}}
    assert order_in({**BODY, **oto}).bracket == Bracket(stop=950_000)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"symbol": ""}, "symbol is required"),
        ({"symbol": 5}, "symbol is required"),
        ({"qty": None}, "qty or notional is required"),
        ({"qty": "nan"}, "qty is not a number"),
        ({"qty": "inf"}, "qty is not a number"),
        ({"qty": [1]}, "qty is not a number"),
        ({"qty": 0}, "qty must be > 0"),
        ({"qty": 10**9}, "whole number of shares"),
        ({"side": "hold"}, "invalid side 'hold'"),
        ({"time_in_force": None}, "time_in_force is required"),
        ({"type": "trailing_stop"}, "invalid type"),
        ({"type": "limit"}, "limit order requires a limit price"),
        ({"limit_price": 5}, "market order must have no limit price"),
        ({"type": "limit", "limit_price": -1}, "limit_price must be > 0"),
        ({"type": "limit", "limit_price": "1.005"}, "sub-penny"),
        ({"type": "limit", "limit_price": "0.00005"}, "sub-penny"),
        ({"extended_hours": True}, "extended hours order must be DAY limit orders"),
        ({"notional": 5}, "notional orders are not supported"),
        ({"client_order_id": "x" * 49}, "no more than 48 characters"),
        ({"order_class": "oco"}, "order_class oco"),
        ({"order_class": "bracket", "stop_loss": {"stop_price": 1}}, "require take_profit"),
        ({"order_class": "oto", "stop_loss": {}}, "stop_loss requires stop_price"),
    ],
)
def test_what_is_no_order_is_refused(change: dict[str, Any], words: str) -> None:
    with pytest.raises(Refusal, match=words) as refused:
        order_in({**BODY, **change})
    assert refused.value.status == 422


def test_a_change_changes_something() -> None:
    assert replacement_in({"qty": 3, "client_order_id": "n"}).qty == 3
    with pytest.raises(Refusal, match="at least one"):
        replacement_in({"client_order_id": "n"})


def asked(query: str) -> Request:
    return Request({"type": "http", "query_string": query.encode(), "headers": []})


def test_parameters_are_read_or_refused() -> None:
    assert moment_in(asked("start=2026-03-19"), "start", AT) == datetime(2026, 3, 19, tzinfo=UTC)
    assert moment_in(asked("start=2026-03-19T14:00:00Z"), "start", AT) == AT
    assert moment_in(asked("start=2026-03-19T10:00:00-04:00"), "start", AT) == AT
    assert moment_in(asked(""), "start", AT) == AT
    assert day_in(asked("start=2026-03-20"), "start", AT.date()) == date(2026, 3, 20)
    assert number_in(asked("limit=5"), "limit", 1, 9) == 5
    for bad in ("limit=0", "limit=10", "limit=x", "limit=-1"):
        with pytest.raises(Refusal, match="invalid limit"):
            number_in(asked(bad), "limit", 1, 9)
    with pytest.raises(Refusal, match="invalid start"):
        moment_in(asked("start=soon"), "start", AT)


@given(st.lists(st.integers()), st.integers(1, 9))
def test_pages_together_are_the_list(items: list[int], limit: int) -> None:
    found: list[int] = []
    token: str | None = None
    while True:
        page, token = page_of(items, token, limit)
        found += page
        if token is None:
            break
    assert found == items


def test_sessions_are_moved_whole() -> None:
    sessions = moved(new_york_sessions(), timedelta(hours=5))
    assert not clock_at(sessions, AT).is_open
    assert clock_at(sessions, AT + timedelta(hours=5)).is_open
    [day] = days_between(new_york_sessions(), date(2026, 11, 26), date(2026, 11, 27))
    assert (day.day, day.closes.hour) == (date(2026, 11, 27), 18)


@pytest.mark.parametrize("recorded", [AT, AT.replace(month=11, day=12)])
@pytest.mark.parametrize("minutes", [*range(0, 24 * 60, 30), 4 * 60 - 1, 5 * 60 - 1])
def test_a_recording_that_begins_at_any_hour_has_days_that_alpacas_calendar_can_tell(
    minutes: int, recorded: datetime
) -> None:
    every = new_york_sessions()
    at = next(n for n, opens in enumerate(every.opens) if opens > to_micros(recorded))
    few = slice(at - 30, at + 30)
    sessions, opened = SessionTable(every.opens[few], every.closes[few]), every.opens[at]
    for day in (date(2026, 3, 4), date(2026, 7, 1), date(2026, 10, 28)):
        begins = datetime.combine(day, time(), UTC) + minutes * MINUTE
        now = moved(sessions, begins - to_datetime(opened))
        first, last = day - timedelta(days=20), day + timedelta(days=20)
        told = days_between(now, first, last)
        assert calendar_of([day_shape(each) for each in told], first, last) == told
        dates = [each.day for each in told]
        assert dates == sorted(set(dates))
        assert len(dates) > 20
        late = begins.astimezone(NEW_YORK).time() == time(23, 59)
        assert clock_at(now, begins + late * MINUTE).is_open


def test_who_is_cut_off_follows_nothing_from_that_moment_on() -> None:
    async def run() -> None:
        faults = Faults({}, lambda *_: None)
        trades, bars = TradeStream(Keys("k", "s"), faults), DataStream(
            "iex", STOCKS, Keys("k", "s"), faults
        )  # fmt: skip
        trades._listeners.add(Outbox())
        bars._connected[Outbox()] = {channel: {"AAPL"} for channel in STOCKS}
        trades.cut()
        bars.cut()
        assert trades.listeners == 0
        assert set(map(len, bars.followed.values())) == {0}

    asyncio.run(run())
