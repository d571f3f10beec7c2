"""A long-only account never owes: whatever prices do, cash pays entries and the fees of exits."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from messages.market import Bar
from messages.trading import Decision, OrderRequest, PortfolioSnapshot, TradeExecution
from messages.units import from_money, to_dollars
from operators.blocks import Block, Event
from operators.params import AccountParams, FillParams, Params, RiskParams
from operators.trading.desk import Desk
from tests.streams import DAY, END, bar, bodies, signal

TICKERS = ("AAA", "BBB", "CCC", "DDD")
# From the smallest price there is to a thousand dollars, and gaps from any to any.
prices = st.sampled_from([1, 25, 100, 2_500, 9_999, 10_000, 333_333, 1_000_000, 10_000_000])


@st.composite
def wild(draw: st.DrawFn, minutes: int = 30) -> list[Event]:
    """Draw bars of prices that jump, often with a signal at their close or between two bars."""
    events: list[Event] = []
    for minute in range(1, minutes):
        for ticker in TICKERS:
            if not draw(st.booleans()):
                continue
            opening, close = draw(prices), draw(prices)
            made = bar(minute, ticker, close, draw(st.sampled_from([0, 10**4, 10**7, 10**10])))
            body: Any = made.body
            low, high = min(opening, close), max(opening, close)
            changed = {"open": opening, "low": low, "high": high}
            events.append(made._replace(body=_with(body, changed)))
            side = draw(st.sampled_from(["", "LONG", "LONG", "SHORT"]))
            if side:
                events.append(signal(minute + draw(st.sampled_from([0, 0.5])), ticker, side))
    return sorted(events, key=lambda e: (e.stamp, e.key, not isinstance(e.body, Bar)))


def _with(body: Any, units: dict[str, int]) -> Any:
    from msgspec.structs import replace

    return replace(body, **{name: to_dollars(value) for name, value in units.items()})


fills = st.builds(
    FillParams, model=st.sampled_from(["close", "next_open"]),
    slippage_bps=st.sampled_from([0, 1, 500]), volume_slippage_bps=st.sampled_from([0, 300]),
    commission_per_share=st.sampled_from([0, 100, 2_000]),
    commission_bps=st.sampled_from([0, 50]), sell_fee_ppm=st.sampled_from([0, 28]),
    sell_fee_per_1000=st.sampled_from([0, 1_660]),
)  # fmt: skip
cash = st.sampled_from([1, 300, 1_000_000])


@settings(max_examples=80)
@given(wild(), fills, cash)
def test_under_default_limits_cash_is_never_owed(
    events: list[Event], model: FillParams, start: int
) -> None:
    params = Params(fills=model, account=AccountParams(start_cash=start))
    desk = Desk(params, DAY)
    for event in events:
        desk.step(Block([event], event.stamp))
        assert desk.account.cash >= 0
    said = desk.step(Block([], END, ended=True)).events
    assert all(from_money(s.cash) >= 0 for s in bodies(said, PortfolioSnapshot))


@settings(max_examples=80)
@given(
    wild(), fills, cash, st.sampled_from([500, 10_000]), st.sampled_from([2_000, 10_000]),
    st.sampled_from([10, 10_000]), st.sets(st.sampled_from(["MAX_FEES", "MAX_PARTICIPATION"])),
)  # fmt: skip
def test_under_any_limits_no_entry_takes_cash_below_zero_and_no_exit_is_denied_for_its_costs(
    events: list[Event], model: FillParams, start: int, share: int, exposure: int, stop: int,
    off: set[str],
) -> None:  # fmt: skip
    risk = RiskParams(
        position_bps=share, max_exposure_bps=exposure, cooldown_minutes=0, stop_loss_bps=stop,
        participation_bps=10_000, off=tuple(sorted(off)),
    )  # fmt: skip
    desk = Desk(Params(risk=risk, fills=model, account=AccountParams(start_cash=start)), DAY)
    said: list[Event] = []
    for event in events:
        new = desk.step(Block([event], event.stamp)).events
        if any(e.side == "BUY" and e.qty for e in bodies(new, TradeExecution)):
            assert desk.account.cash >= 0
        said += new
    said += desk.step(Block([], END, ended=True)).events
    exits = {d.code for d in bodies(said, Decision) if d.side == "SELL"}
    assert exits <= {"ACCEPTED", "NO_POSITION", "MARKET_CLOSED"}
    ended = {e.order_id for e in bodies(said, TradeExecution) if e.status != "PARTIALLY_FILLED"}
    assert ended == {o.id for o in bodies(said, OrderRequest)}
