"""A simulated exchange under any orders and any bars: its books balance, and it can be resumed."""

from collections import defaultdict
from collections.abc import Callable
from typing import Any, NamedTuple

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.broker.errors import BrokerError
from connectors.broker.simulated.exchange import SimulatedExchange
from connectors.broker.simulated.rules import ExchangeRules, listed
from connectors.broker.simulated.state import ExchangeState
from connectors.broker.values import BrokerOrder, NewOrder, OrderUpdate, Replacement
from connectors.market.calendar import new_york_sessions
from messages.units import to_datetime, to_micros, to_units
from operators.params import FillParams
from operators.trading import fills as paper
from operators.trading.orders import Order
from tests.unit.broker.rows import CLOSES, D, Row, bar, minute

CASH = 100_000 * D
TICKERS = ("AAA", "BBB")
STEPS = 30

# A step is done to an exchange in the minute of its number.
Step = Callable[[SimulatedExchange, int], list[OrderUpdate]]


class Bars(NamedTuple):
    """A minute's bar of a ticker."""

    ticker: str
    row: Row

    def __call__(self, made: SimulatedExchange, n: int) -> list[OrderUpdate]:
        return made.bar(bar(n, self.row, self.ticker))


class Submit(NamedTuple):
    values: dict[str, Any]

    def __call__(self, made: SimulatedExchange, n: int) -> list[OrderUpdate]:
        order = msgspec.convert({"client_order_id": f"order-{n}", **self.values}, NewOrder)
        return made.submit(order, minute(n))


class Cancel(NamedTuple):
    which: int

    def __call__(self, made: SimulatedExchange, n: int) -> list[OrderUpdate]:
        return made.cancel(chosen(made, self.which), minute(n))


class Replace(NamedTuple):
    which: int
    qty: int | None
    limit: int | None
    stop: int | None

    def __call__(self, made: SimulatedExchange, n: int) -> list[OrderUpdate]:
        changes = Replacement(
            client_order_id=f"order-{n}", qty=self.qty, limit=self.limit, stop=self.stop
        )
        return made.replace(chosen(made, self.which), changes, minute(n))


class Halt(NamedTuple):
    ticker: str
    on: bool

    def __call__(self, made: SimulatedExchange, n: int) -> list[OrderUpdate]:
        change = made.halt if self.on else made.resume
        return change(self.ticker, minute(n))


class Close(NamedTuple):
    """The session's close; what follows is of no session's time, and must balance all the same."""

    def __call__(self, made: SimulatedExchange, n: int) -> list[OrderUpdate]:
        return made.advance(CLOSES)


def chosen(made: SimulatedExchange, which: int) -> str:
    """Return the id of one of all orders and legs."""
    orders = made.orders(since=to_datetime(0))
    ids = [one.id for order in orders for one in (order, *order.legs)]
    return ids[which % len(ids)] if ids else "none"


prices = st.integers(90, 110).map(lambda dollars: dollars * D)
tickers = st.sampled_from(TICKERS)
shares = st.sampled_from([0, 1, 7, 50, 400, 2_000])


@st.composite
def rows(draw: st.DrawFn) -> Row:
    low, opening, close, high = sorted(draw(st.lists(st.integers(90, 110), min_size=4, max_size=4)))
    if draw(st.booleans()):
        opening, close = close, opening
    return (opening, high, low, close, draw(st.sampled_from([0, 10, 100, 10_000])))


brackets = st.none() | st.fixed_dictionaries({"stop": prices, "target": st.none() | prices})
kinds: st.SearchStrategy[dict[str, Any]] = st.one_of(
    st.fixed_dictionaries({"type": st.just("MARKET"), "bracket": brackets}),
    st.fixed_dictionaries({"type": st.just("LIMIT"), "limit": prices, "bracket": brackets}),
    st.fixed_dictionaries({"type": st.just("STOP"), "stop": prices}),
    st.fixed_dictionaries({"type": st.just("STOP_LIMIT"), "stop": prices, "limit": prices}),
)
whose: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(
    {
        "ticker": tickers, "side": st.sampled_from(["BUY", "BUY", "SELL"]), "qty": shares,
        "time_in_force": st.sampled_from(["DAY", "GTC", "IOC"]),
    }
)  # fmt: skip
submits = st.builds(lambda a, b: Submit({**a, **b}), whose, kinds)
steps: st.SearchStrategy[Step] = st.one_of(
    st.builds(Bars, tickers, rows()),
    st.builds(Bars, tickers, rows()),
    submits,
    submits,
    st.builds(Cancel, st.integers(0, 20)),
    st.builds(Replace, st.integers(0, 20), st.none() | shares, st.none() | prices,
              st.none() | prices),
    st.builds(Halt, tickers, st.booleans()),
    st.builds(Close),
)  # fmt: skip
stories = st.lists(steps, max_size=STEPS)
# Brackets around 100, in bars that fill a few shares of them, with what disturbs them.
entries = st.builds(
    lambda qty, limit, stop, target: Submit(
        {
            "ticker": "AAA", "side": "BUY", "qty": qty, "limit": limit,
            "type": "MARKET" if limit is None else "LIMIT", "time_in_force": "GTC",
            "bracket": {"stop": stop * D, "target": target and target * D},
        }
    ),
    st.sampled_from([5, 20]), st.sampled_from([None, 99 * D, 100 * D]), st.integers(95, 98),
    st.none() | st.integers(102, 105),
)  # fmt: skip
sales = st.builds(
    lambda qty, kind: Submit({"ticker": "AAA", "side": "SELL", "qty": qty, **kind}),
    st.integers(1, 5), st.sampled_from([{}, {"type": "LIMIT", "limit": 100 * D}]),
)  # fmt: skip
narrow = st.builds(
    lambda low, high, volume: Bars("AAA", (100, high, low, 100, volume)),
    st.integers(94, 100), st.integers(100, 106), st.sampled_from([20, 50, 100, 1_000]),
)  # fmt: skip
disturbed = st.one_of(
    narrow, narrow, narrow, narrow, entries, sales, st.builds(Cancel, st.integers(0, 20)),
    st.builds(Replace, st.integers(0, 20), st.none(), st.none(), st.integers(95, 99).map(
        lambda dollars: dollars * D)),
)  # fmt: skip
bracket_stories = st.builds(
    lambda first, rest: [
        Bars("AAA", (100, 100, 100, 100, 10)), first,
        Bars("AAA", (100, 100, 99, 100, 1_000)), *rest,
    ],
    entries, st.lists(disturbed, min_size=3, max_size=STEPS),
)  # fmt: skip
# Orders as large as the account, and bars far from one another.
large = st.builds(
    lambda ticker, qty, kind: Submit({"ticker": ticker, "side": "BUY", "qty": qty, **kind}),
    tickers, st.sampled_from([300, 500, 900]),
    st.sampled_from([{}, {"type": "STOP", "stop": 101 * D}, {"type": "LIMIT", "limit": 99 * D}]),
)  # fmt: skip
jumps = st.builds(
    lambda ticker, price, volume: Bars(ticker, (price, price, price, price, volume)),
    tickers, st.integers(60, 190), st.sampled_from([1_000, 10_000]),
)  # fmt: skip
gap_stories = st.lists(large | jumps | jumps | sales, min_size=2, max_size=STEPS).map(
    lambda rest: [*(Bars(t, (100, 100, 100, 100, 10)) for t in TICKERS), *rest]
)
shared_rules = st.just(ExchangeRules(participation_bps=1_000))
models = st.builds(
    FillParams, model=st.sampled_from(["close", "next_open"]),
    slippage_bps=st.sampled_from([0, 5]), volume_slippage_bps=st.sampled_from([0, 30]),
    commission_per_share=st.sampled_from([0, 50]), commission_bps=st.sampled_from([0, 3]),
    sell_fee_ppm=st.sampled_from([0, 28]), sell_fee_per_1000=st.sampled_from([0, 1_660]),
)  # fmt: skip
rules = st.builds(
    ExchangeRules,
    participation_bps=st.sampled_from([0, 1_000, 10_000]),
    short=st.booleans(),
    leverage=st.sampled_from([1, 2]),
)
long_rules = st.builds(ExchangeRules, participation_bps=st.sampled_from([0, 1_000]))


def opened(
    params: FillParams, allowed: ExchangeRules, state: ExchangeState | None = None
) -> SimulatedExchange:
    return SimulatedExchange(
        params, CASH, new_york_sessions(), listed(*TICKERS), allowed, state
    )  # fmt: skip


def played(
    made: SimulatedExchange, story: list[Step], first: int = 0
) -> list[tuple[Step, list[OrderUpdate] | str]]:
    """Do the steps of a story; a refusal's text is told in the place of updates."""
    told: list[tuple[Step, list[OrderUpdate] | str]] = []
    for n, step in enumerate(story, first):
        try:
            told.append((step, step(made, n)))
        except BrokerError as refused:
            told.append((step, str(refused)))
    return told


def updates(told: list[tuple[Step, list[OrderUpdate] | str]]) -> list[OrderUpdate]:
    return [update for _, said in told if not isinstance(said, str) for update in said]


def every(made: SimulatedExchange) -> list[BrokerOrder]:
    """Return all orders and legs, each once; none is left out."""
    orders = made.orders(since=to_datetime(0))
    found = {one.id: one for order in orders for one in (order, *order.legs)}
    assert found.keys() == {order.id for order in made.snapshot().orders}
    return list(found.values())


@settings(max_examples=150)
@given(stories | bracket_stories, models, rules)
def test_books_balance_to_the_unit(
    story: list[Step], params: FillParams, allowed: ExchangeRules
) -> None:
    made = opened(params, allowed)
    told = played(made, story)
    fills, costs = made.fills(to_datetime(0)), made.commissions(to_datetime(0))
    held: dict[str, int] = defaultdict(int)
    cash = CASH - sum(costs.values())
    for fill in fills:
        signed = fill.qty if fill.side == "BUY" else -fill.qty
        held[fill.ticker] += signed
        cash -= signed * fill.price
    account, positions = made.account(), made.positions()
    assert account.cash == cash
    assert {p.ticker: int(p.qty) for p in positions} == {t: q for t, q in held.items() if q}
    worth = sum(int(p.qty) * (p.price or 0) for p in positions)
    assert account.equity == account.cash + worth
    assert account.buying_power >= 0
    assert [u.fill for u in updates(told) if u.fill is not None] == fills
    assert len({fill.execution_id for fill in fills}) == len(fills)


@settings(max_examples=150)
@given(stories | bracket_stories, models, rules)
def test_no_order_is_filled_beyond_its_size_and_none_twice_ended(
    story: list[Step], params: FillParams, allowed: ExchangeRules
) -> None:
    made = opened(params, allowed)
    told = updates(played(made, story))
    filled: dict[str, int] = defaultdict(int)
    for fill in made.fills(to_datetime(0)):
        filled[fill.order_id] += fill.qty
    for order in every(made):
        assert order.filled == filled[order.id] <= order.qty
        assert (order.status == "FILLED") == (order.filled == order.qty)
    ends = [u.order.id for u in told if u.order.ended]
    assert len(ends) == len(set(ends))
    assert {order.id for order in every(made) if order.ended} == set(ends)


@settings(max_examples=150)
@given(stories | bracket_stories, models, rules)
def test_no_fill_is_outside_its_bar_or_worse_than_its_limit(
    story: list[Step], params: FillParams, allowed: ExchangeRules
) -> None:
    made = opened(params, allowed)
    for step, said in played(made, story):
        if isinstance(said, str):
            continue
        for update in said:
            if update.fill is None:
                continue
            assert isinstance(step, Bars)
            _, high, low, _, volume = step.row
            fill, order = update.fill, update.order
            signed = fill.qty if fill.side == "BUY" else -fill.qty
            slip = [paper.fill_price(round(p * D), signed, volume, params) for p in (low, high)]
            assert min(low * D, slip[0]) <= fill.price <= max(high * D, slip[1])
            if order.limit is not None:
                assert low * D <= fill.price <= high * D
                sign = 1 if signed > 0 else -1
                assert sign * fill.price <= sign * order.limit


@settings(max_examples=300)
@given(stories | bracket_stories, models, long_rules)
def test_without_shorts_nothing_sells_more_than_is_held(
    story: list[Step], params: FillParams, allowed: ExchangeRules
) -> None:
    made = opened(params, allowed)
    for n, step in enumerate(story):
        played(made, [step], n)
        assert all(position.qty > 0 for position in made.positions())


@settings(max_examples=300)
@given(stories | bracket_stories | gap_stories, models, long_rules)
def test_a_cash_accounts_cash_is_never_below_nothing(
    story: list[Step], params: FillParams, allowed: ExchangeRules
) -> None:
    made = opened(params, allowed)
    for n, step in enumerate(story):
        played(made, [step], n)
        assert made.account().cash >= 0


@settings(max_examples=300)
@given(bracket_stories, models, shared_rules)
def test_legs_never_close_more_than_their_entry_opened(
    story: list[Step], params: FillParams, allowed: ExchangeRules
) -> None:
    made = opened(params, allowed)
    played(made, story)
    sold: dict[str, int] = defaultdict(int)
    bought: dict[str, int] = {}
    for working in made.snapshot().orders:
        if working.role:
            sold[working.parent] += working.filled
        bought[working.id] = working.filled
    assert all(qty <= bought[parent] for parent, qty in sold.items())


@settings(max_examples=100)
@given(stories | bracket_stories, st.integers(0, STEPS), models, rules)
def test_resumed_from_its_bytes_it_goes_on_as_if_it_had_not_stopped(
    story: list[Step], cut: int, params: FillParams, allowed: ExchangeRules
) -> None:
    whole, first = opened(params, allowed), opened(params, allowed)
    told = [said for _, said in played(whole, story)]
    before = [said for _, said in played(first, story[:cut])]
    kept = msgspec.msgpack.encode(first.snapshot())
    second = opened(params, allowed, msgspec.msgpack.decode(kept, type=ExchangeState))
    after = [said for _, said in played(second, story[cut:], cut)]
    assert before + after == told
    assert encoded(second.snapshot()) == encoded(whole.snapshot())
    assert second.account() == whole.account()


@settings(max_examples=50)
@given(stories, models, rules)
def test_the_same_story_has_the_same_bytes(
    story: list[Step], params: FillParams, allowed: ExchangeRules
) -> None:
    first, second = opened(params, allowed), opened(params, allowed)
    assert encoded([s for _, s in played(first, story)]) == encoded(
        [s for _, s in played(second, story)]
    )
    assert encoded(first.snapshot()) == encoded(second.snapshot())


def encoded(what: object) -> bytes:
    return msgspec.msgpack.encode(what)


@settings(max_examples=100)
@given(st.sampled_from(["BUY", "SELL"]), st.sampled_from([1, 7, 50]), rows(), models)
def test_a_market_order_is_filled_as_on_the_paper_desk(
    side: Any, qty: int, row: Row, params: FillParams
) -> None:
    made = opened(params, ExchangeRules(short=True))
    made.bar(bar(-1, (100, 100, 100, 100, 10)))
    asked = NewOrder(client_order_id="a", ticker="AAA", side=side, qty=qty)
    made.submit(asked, minute(0))
    made.bar(bar(0, row))
    (fill,) = made.fills(to_datetime(0))
    (cost,) = made.commissions(to_datetime(0)).values()
    signed = qty if side == "BUY" else -qty
    order = Order("a", "AAA", signed, 0, 0, 0, to_micros(minute(0)), "", "", to_units(100))
    (expected,) = paper.SimulatedBroker(params).on_bar([order], bar(0, row))
    assert (fill.price, cost) == (expected.price, expected.commission)
