"""The simulated broker beside its exchange: streams, the clock, bars, and being resumed."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta

from connectors.broker.base import Broker, MarketData
from connectors.broker.simulated.broker import SimulatedBroker
from connectors.broker.simulated.exchange import SimulatedExchange
from connectors.broker.simulated.rules import listed
from connectors.broker.values import MarketBar, OrderUpdate, StreamState, TradingStatus
from connectors.market.calendar import new_york_sessions
from tests.unit.broker.rows import CASH, CLOSES, FREE, bar, exchange, flat, minute, order
from tests.waiting import no_longer_than

FOREVER_S = 60.0


class Watch:
    """A clock that is set by hand."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now


def test_it_is_a_broker_and_a_source_of_bars() -> None:
    made = SimulatedBroker(exchange())
    broker: Broker = made
    data: MarketData = made
    assert broker.name == "simulated"
    assert data.history(["AAA"], "1m", minute(0), minute(1)) == []


def test_every_stream_is_told_everything_from_its_beginning_on() -> None:
    broker = SimulatedBroker(exchange())
    first = broker.updates()
    broker.submit(order())
    with broker.updates() as second:
        broker.bar(bar(0, flat(100)))
        kinds = [
            [u.kind if isinstance(u, OrderUpdate) else "UP" for u in stream.take(0)]
            for stream in (first, second)
        ]
    assert kinds == [["UP", "ACCEPTED", "FILLED"], ["UP", "FILLED"]]
    broker.submit(order(client_order_id="b"))
    assert second.take(0) == []
    assert len(first.take(0)) == 1


def test_a_stream_that_is_closed_lets_whoever_waits_go() -> None:
    broker = SimulatedBroker(exchange())
    stream = broker.updates()
    stream.take(0)
    with ThreadPoolExecutor(1) as pool, no_longer_than(FOREVER_S / 2):
        waits = pool.submit(stream.take, FOREVER_S)
        broker.close()
        assert waits.result() == []


def test_who_waits_has_an_update_as_soon_as_it_is_told() -> None:
    broker = SimulatedBroker(exchange())
    stream = broker.updates()
    stream.take(0)
    with ThreadPoolExecutor(1) as pool, no_longer_than(FOREVER_S / 2):
        waits = pool.submit(stream.take, FOREVER_S)
        broker.submit(order())
        assert len(waits.result()) == 1


def test_bars_and_halts_come_for_what_is_followed() -> None:
    broker = SimulatedBroker(exchange())
    with broker.market() as stream:
        broker.bar(bar(0, flat(100)))
        stream.follow(frozenset({"AAA"}), quotes=frozenset({"BBB"}))
        broker.bar(bar(1, flat(101)))
        broker.bar(bar(1, flat(101), "BBB"))
        broker.halt("BBB", minute(2), "T1", "news pending")
        broker.resume("BBB", minute(3))
        state, known, halted, resumed = stream.take(0)
    assert isinstance(state, StreamState)
    assert isinstance(known, MarketBar)
    assert (known.ticker, known.start, known.close) == ("AAA", minute(1), 101)
    assert isinstance(halted, TradingStatus)
    assert (halted.halted, halted.code, halted.at) == (True, "T1", minute(2))
    assert isinstance(resumed, TradingStatus)
    assert not resumed.halted


def test_bars_that_were_fed_are_its_history() -> None:
    broker = SimulatedBroker(exchange())
    for number in (1, 0, 2):
        for ticker in ("BBB", "AAA"):
            broker.bar(bar(number, flat(100 + number), ticker))
    broker.bar(bar(1, flat(200), revision=1))
    found = broker.history(["AAA", "BBB", "AAA"], "1m", minute(1), minute(2))
    assert [(b.ticker, b.start, b.close, b.revised) for b in found] == [
        ("AAA", minute(1), 200, True), ("BBB", minute(1), 101, False),
    ]  # fmt: skip
    assert broker.history(["AAA"], "5m", minute(0), minute(9)) == []


def test_with_a_clock_orders_expire_once_a_session_s_last_bars_are_in() -> None:
    watch = Watch(minute(0))
    broker = SimulatedBroker(exchange(), watch)
    stream = broker.updates()
    placed = broker.submit(order(kind="LIMIT", limit=99))
    assert placed.submitted_at == minute(0)
    stream.take(0)
    watch.now = CLOSES + timedelta(seconds=30)
    assert stream.take(0) == []
    assert [o.id for o in broker.orders()] == [placed.id]
    watch.now = CLOSES + timedelta(seconds=61)
    (told,) = stream.take(0)
    assert isinstance(told, OrderUpdate)
    assert (told.kind, told.at) == ("EXPIRED", CLOSES)


def test_it_tells_when_the_market_opens_and_closes_next() -> None:
    watch = Watch(minute(0))
    broker = SimulatedBroker(exchange(), watch)
    clock = broker.clock()
    assert (clock.is_open, clock.closes) == (True, CLOSES)
    assert clock.opens == datetime(2025, 3, 13, 13, 30, tzinfo=UTC)
    watch.now = datetime(2025, 3, 15, 12, 0, tzinfo=UTC)  # a Saturday
    clock = broker.clock()
    assert not clock.is_open
    assert clock.opens == datetime(2025, 3, 17, 13, 30, tzinfo=UTC)
    assert clock.closes == datetime(2025, 3, 17, 20, 0, tzinfo=UTC)


def test_its_calendar_has_holidays_and_half_days() -> None:
    broker = SimulatedBroker(exchange())
    days = broker.calendar(date(2025, 11, 26), date(2025, 11, 30))
    assert [day.day.day for day in days] == [26, 28]
    assert days[-1].closes == datetime(2025, 11, 28, 18, 0, tzinfo=UTC)


def test_it_goes_on_from_what_it_knew() -> None:
    broker = SimulatedBroker(exchange())
    broker.submit(order())
    kept = broker.snapshot()
    again = SimulatedBroker(
        SimulatedExchange(FREE, CASH, new_york_sessions(), listed("AAA"), state=kept)
    )
    again.bar(bar(0, flat(101)))
    assert again.positions()[0].qty == 10
    assert again.order_of("a").status == "FILLED"
    assert broker.order_of("a").status == "ACCEPTED"


def test_a_reader_that_is_far_behind_is_told_that_it_missed_something() -> None:
    broker = SimulatedBroker(exchange(), capacity=3)
    orders, market = broker.updates(), broker.market()
    market.follow(frozenset({"AAA"}))
    for n in range(50):
        broker.submit(order(client_order_id=f"n{n}", qty=1))
        broker.bar(bar(n, flat(100)))
    for stream in (orders, market):
        up, first, second, down, again = stream.take(0)
        assert isinstance(up, StreamState)
        assert not isinstance(first, StreamState)
        assert not isinstance(second, StreamState)
        assert isinstance(down, StreamState)
        assert isinstance(again, StreamState)
        assert (up.up, down.up, again.up) == (True, False, True)
        assert down.reason == "its reader is more than 3 items behind"
        assert stream.take(0) == []
    broker.bar(bar(60, flat(100)))
    assert len(market.take(0)) == 1
    assert len(broker.fills(minute(0))) == 50


def test_a_reader_that_keeps_up_with_its_capacity_misses_nothing() -> None:
    broker = SimulatedBroker(exchange(), capacity=3)
    stream = broker.updates()
    broker.submit(order())
    broker.bar(bar(0, flat(100)))
    assert [isinstance(told, OrderUpdate) for told in stream.take(0)] == [False, True, True]


def test_the_last_bars_alone_are_kept() -> None:
    broker = SimulatedBroker(exchange(), bars=5)
    for n in range(20):
        broker.bar(bar(n, flat(100 + n)))
        broker.bar(bar(n, flat(200 + n), "BBB"))
    broker.bar(bar(19, flat(300), revision=1))
    found = broker.history(["AAA", "BBB"], "1m", minute(0), minute(99))
    assert [b.close for b in found if b.ticker == "AAA"] == [115, 116, 117, 118, 300]
    assert len(found) == 10
