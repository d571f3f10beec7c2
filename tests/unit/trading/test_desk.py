"""The desk, as tables: bars and signals in, decisions and fills out."""

from decimal import Decimal
from typing import Any

import pytest

from messages.codec import decoder, encode
from messages.trading import (
    Decision,
    OrderRequest,
    PortfolioSnapshot,
    PositionChanged,
    TradeExecution,
)
from messages.units import to_datetime, to_micros
from operators.blocks import Event
from operators.params import AccountParams, FillParams, Params, RiskParams
from operators.trading.desk import Desk
from operators.trading.sessions import GRACE_US, SessionTable
from tests.streams import (
    CLOSE,
    DAY,
    END,
    OPEN,
    at,
    bar,
    blocks,
    bodies,
    command,
    outputs,
    signal,
)

PLAIN = FillParams(slippage_bps=0, commission_per_share=0)


def trade(*events: Event, risk: RiskParams | None = None, fills: FillParams = PLAIN) -> list[Event]:
    """Run a desk of 100,000 dollars over events at hand."""
    params = Params(
        risk=risk or RiskParams(), fills=fills, account=AccountParams(start_cash=100_000)
    )
    ordered = sorted(events, key=lambda e: (e.stamp, e.key))
    return outputs(Desk(params, DAY), blocks(ordered, []))


def codes(said: list[Event]) -> list[str]:
    return [d.code for d in bodies(said, Decision)]


def fills_of(said: list[Event]) -> list[tuple[str, int, float | None, str]]:
    return [(e.side, e.qty, e.price, e.status) for e in bodies(said, TradeExecution)]


def flat(minutes: range, ticker: str = "AAA", close: int = 100_0000, **more: Any) -> list[Event]:
    return [bar(m, ticker, close, **more) for m in minutes]


def test_a_round_trip() -> None:
    said = trade(
        *flat(range(1, 3)), signal(2, "AAA", "LONG"), bar(3, "AAA", 110_0000),
        signal(3, "AAA", "SHORT"),
    )  # fmt: skip
    assert fills_of(said) == [("BUY", 50, 100.0, "FILLED"), ("SELL", 50, 110.0, "FILLED")]
    assert [e.pnl for e in bodies(said, TradeExecution)] == [None, Decimal("500.0000")]
    assert [(p.qty, p.stop_loss) for p in bodies(said, PositionChanged)] == [(50, 97.0), (0, None)]
    last = bodies(said, PortfolioSnapshot)[-1]
    assert (last.cash, last.equity, last.realized_pnl) == (
        Decimal("100500.0000"), Decimal("100500.0000"), Decimal("500.0000"),
    )  # fmt: skip


ENTRY = [*flat(range(1, 3)), signal(2, "AAA", "LONG")]


@pytest.mark.parametrize(
    ("events", "risk", "code"),
    [
        ([bar(390, "AAA", 1_0000), signal(390, "AAA", "LONG")], {}, "MARKET_CLOSED"),
        ([*flat(range(1, 3)), signal(400, "AAA", "LONG")], {}, "MARKET_CLOSED"),
        ([command(1, "pause"), *ENTRY], {}, "TRADING_PAUSED"),
        ([command(1, "reduce"), *ENTRY], {}, "REDUCE_ONLY"),
        ([command(1, "halt"), *ENTRY], {}, "HALTED"),
        ([command(1, "flatten"), *ENTRY], {}, "HALTED"),
        ([command(1, "pause"), command(2, "resume"), *ENTRY], {}, "ACCEPTED"),
        ([signal(1, "AAA", "LONG")], {}, "STALE_PRICE"),
        ([*flat(range(1, 3)), signal(7, "AAA", "LONG")], {}, "ACCEPTED"),
        ([*flat(range(1, 3)), signal(7.1, "AAA", "LONG")], {}, "STALE_PRICE"),
        ([*flat(range(1, 3)), signal(2, "AAA", "LONG", "news_driven")], {}, "STALE_SENTIMENT"),
        ([*flat(range(1, 3)), signal(2, "AAA", "SHORT")], {}, "NO_POSITION"),
        (ENTRY, {"max_positions": 0}, "MAX_POSITIONS"),
        ([bar(2, "AAA", 6_000_0000), signal(2, "AAA", "LONG")], {}, "BELOW_ONE_SHARE"),
        (ENTRY, {"max_exposure_bps": 499}, "MAX_EXPOSURE"),
        (ENTRY, {"max_exposure_bps": 500}, "ACCEPTED"),
        ([bar(2, "AAA", 100_0000, 4_999), signal(2, "AAA", "LONG")], {}, "MAX_PARTICIPATION"),
        ([bar(2, "AAA", 100_0000, 5_000), signal(2, "AAA", "LONG")], {}, "ACCEPTED"),
        ([bar(2, "AAA", 100_0000, 0), signal(2, "AAA", "LONG")], {}, "MAX_PARTICIPATION"),
    ],
)
def test_each_check_denies_by_its_code(
    events: list[Event], risk: dict[str, Any], code: str
) -> None:
    said = trade(*events, risk=RiskParams(**risk))
    (decision,) = bodies(said, Decision)
    assert decision.code == code
    assert decision.accepted == (code == "ACCEPTED")
    assert len(bodies(said, OrderRequest)) == decision.accepted
    if not decision.accepted:
        assert decision.limit
        assert decision.actual


def test_buying_power_counts_open_entries() -> None:
    risk = RiskParams(position_bps=5_000, max_exposure_bps=10_000, participation_bps=10_000)
    said = trade(
        *flat(range(1, 3)), *flat(range(1, 3), "BBB"), *flat(range(1, 3), "CCC"),
        signal(2.1, "AAA", "LONG"), signal(2.2, "BBB", "LONG"), signal(2.3, "CCC", "LONG"),
        risk=risk,
    )  # fmt: skip
    assert codes(said) == ["ACCEPTED", "ACCEPTED", "MAX_EXPOSURE"]


def test_already_held_while_open_or_waiting() -> None:
    said = trade(
        *flat(range(1, 6)), signal(2.5, "AAA", "LONG"), signal(2.6, "AAA", "LONG"),
        signal(4, "AAA", "LONG"),
    )  # fmt: skip
    assert codes(said) == ["ACCEPTED", "ALREADY_HELD", "ALREADY_HELD"]
    assert [d.actual for d in bodies(said, Decision)][1:] == ["entry open", "50 shares"]


def test_cooldown_after_an_exit() -> None:
    said = trade(
        *flat(range(1, 40)), signal(2, "AAA", "LONG"), signal(3, "AAA", "SHORT"),
        signal(32, "AAA", "LONG"), signal(33, "AAA", "LONG"),
    )  # fmt: skip
    assert codes(said) == ["ACCEPTED", "ACCEPTED", "COOLDOWN", "ACCEPTED"]


@pytest.mark.parametrize(("close", "stopped"), [(97_0001, False), (97_0000, True), (50_0000, True)])
def test_the_stop_is_three_per_cent_below_the_entry(close: int, *, stopped: bool) -> None:
    said = trade(*ENTRY, bar(3, "AAA", close))
    assert [d.cause for d in bodies(said, Decision)] == ["signal"] + ["stop"] * stopped
    assert len(fills_of(said)) == 1 + stopped


def test_an_order_decided_between_bars_fills_at_the_next_bar_never_at_the_last_close() -> None:
    said = trade(
        *flat(range(1, 3)), signal(2.5, "AAA", "LONG"),
        bar(3, "AAA", 101_0000, open=100.5, low=100.5),
    )  # fmt: skip
    assert fills_of(said) == [("BUY", 50, 101.0, "FILLED")]
    (fill,) = bodies(said, TradeExecution)
    assert to_micros(fill.timestamp) == at(3)


@pytest.mark.parametrize(("decided", "price"), [(2, 100.5), (2.5, 99.5)])
def test_next_open_fills_at_the_first_bar_that_starts_after_the_decision(
    decided: float, price: float
) -> None:
    said = trade(
        *flat(range(1, 3)), signal(decided, "AAA", "LONG"),
        bar(3, "AAA", 101_0000, open=100.5, low=100.5),
        bar(4, "AAA", 101_0000, open=99.5, low=99.5),
        fills=FillParams("next_open", slippage_bps=0, commission_per_share=0),
    )  # fmt: skip
    assert [f[2] for f in fills_of(said)] == [price]


def test_a_waiting_order_expires_at_the_session_s_end() -> None:
    said = trade(*flat(range(387, 389)), signal(388.5, "AAA", "LONG"))
    assert fills_of(said) == [("BUY", 0, None, "EXPIRED")]
    (end,) = bodies(said, TradeExecution)
    assert to_micros(end.timestamp) == CLOSE + GRACE_US + 1


def test_the_last_bar_still_fills_what_waited() -> None:
    said = trade(*flat(range(387, 391)), signal(389.5, "AAA", "LONG"))
    assert [f[3] for f in fills_of(said)] == ["FILLED"]


def test_slippage_and_commission_are_against_you_and_exact() -> None:
    said = trade(
        *flat(range(1, 3), close=33_3333), signal(2, "AAA", "LONG"), signal(3, "AAA", "SHORT"),
        bar(3, "AAA", 33_3333),
        fills=FillParams(slippage_bps=7, commission_per_share=35, commission_bps=3),
    )  # fmt: skip
    bought, sold = bodies(said, TradeExecution)
    assert (bought.price, sold.price) == (33.3567, 33.3099)
    # 149 shares: 0.0035 a share, and 3 bps of the value, each rounded up to 1/10,000 dollar
    assert bought.qty == 149
    assert bought.commission == Decimal("0.5215") + Decimal("1.4911")
    assert sold.commission == Decimal("0.5215") + Decimal("1.4890")
    assert (
        sold.pnl
        == 149 * (Decimal("33.3099") - Decimal("33.3567")) - bought.commission - sold.commission
    )


def test_flatten_sells_everything_then_halts() -> None:
    said = trade(
        *flat(range(1, 6)), *flat(range(1, 6), "BBB"), signal(2, "AAA", "LONG"),
        signal(2, "BBB", "LONG"), command(3, "flatten"), signal(5, "CCC", "LONG"),
    )  # fmt: skip
    assert [d.cause for d in bodies(said, Decision)] == [
        "signal",
        "signal",
        "command",
        "command",
        "signal",
    ]
    assert [f[0] for f in fills_of(said)] == ["BUY", "BUY", "SELL", "SELL"]
    assert codes(said)[-1] == "HALTED"


def test_reduce_cancels_entries_that_wait() -> None:
    said = trade(*flat(range(1, 3)), signal(2.2, "AAA", "LONG"), command(2.5, "reduce"))
    assert fills_of(said) == [("BUY", 0, None, "CANCELLED")]


def test_close_position_sells_one_and_says_when_there_is_none() -> None:
    said = trade(
        *ENTRY, bar(3, "AAA", 100_0000), command(3, "close_position", "AAA"),
        command(4, "close_position", "BBB"),
    )  # fmt: skip
    assert codes(said) == ["ACCEPTED", "ACCEPTED", "NO_POSITION"]


def test_a_command_counts_once_however_many_copies_arrive() -> None:
    close = command(3, "close_position", "BBB")
    assert codes(trade(close, close, close)) == ["NO_POSITION"]


def test_shorts_open_only_when_allowed_and_stop_above() -> None:
    said = trade(
        *flat(range(1, 3)), signal(2, "AAA", "SHORT"), bar(3, "AAA", 102_9999),
        bar(4, "AAA", 103_0000), risk=RiskParams(allow_short=True),
    )  # fmt: skip
    assert [(f[0], f[1]) for f in fills_of(said)] == [("SELL", 50), ("BUY", 50)]
    assert [e.pnl for e in bodies(said, TradeExecution)][1] == Decimal("-150.0000")


def test_snapshots_come_on_the_full_five_minutes_and_at_the_end() -> None:
    said = trade(*flat(range(1, 12)))
    stamps = [e.stamp for e in said if isinstance(e.body, PortfolioSnapshot)]
    assert stamps[:2] == [at(5), at(10)]
    assert stamps[2:] == [at(15), CLOSE + GRACE_US + 1, END], "and at the end of the session"


WITHIN = RiskParams(stops="within", take_profit_bps=500)


def dip(minute: int, opening: float, low: float, close: float, high: float = 0.0) -> Event:
    """Return a bar that goes down inside, or up."""
    top = high or max(opening, close)
    return bar(minute, "AAA", round(close * 10_000), open=opening, high=top, low=low)


@pytest.mark.parametrize(
    ("event", "sold"),
    [
        (dip(3, 100.0, 96.5, 101.0), ("SELL", 50, 97.0, "FILLED")),
        (dip(3, 80.0, 79.0, 101.0), ("SELL", 50, 80.0, "FILLED")),
        (dip(3, 100.0, 99.0, 101.0, 106.0), ("SELL", 50, 105.0, "FILLED")),
        (dip(3, 107.0, 90.0, 101.0), ("SELL", 50, 107.0, "FILLED")),
        (dip(3, 100.0, 97.1, 101.0, 104.9), None),
    ],
)
@pytest.mark.parametrize("model", ["close", "next_open"])
def test_a_stop_and_a_target_within_the_bar_fill_there(
    event: Event, sold: tuple[str, int, float, str] | None, model: Any
) -> None:
    fills = FillParams(model=model, slippage_bps=0, commission_per_share=0)
    start = [*ENTRY] if model == "close" else [*flat(range(1, 2)), signal(1, "AAA", "LONG"),
                                               *flat(range(2, 3))]  # fmt: skip
    said = trade(*start, event, risk=WITHIN, fills=fills)
    assert fills_of(said)[1:] == ([sold] if sold else [])
    causes = [d.cause for d in bodies(said, Decision)][1:]
    assert causes == ([] if sold is None else ["take_profit" if sold[2] > 100 else "stop"])


def test_at_the_close_a_dip_inside_the_bar_is_not_seen() -> None:
    said = trade(*ENTRY, dip(3, 80.0, 79.0, 101.0), risk=RiskParams(take_profit_bps=500))
    assert len(fills_of(said)) == 1
    said = trade(*ENTRY, dip(3, 80.0, 79.0, 105.0), risk=RiskParams(take_profit_bps=500))
    assert fills_of(said)[1] == ("SELL", 50, 105.0, "FILLED")


def test_a_trailing_stop_sells_below_the_best_price_and_a_position_says_where() -> None:
    risk = RiskParams(trailing_stop_bps=200)
    rise = [bar(m, "AAA", (100 + 5 * m) * 10_000) for m in (3, 4)]
    said = trade(*ENTRY, *rise, bar(5, "AAA", 117_7000), bar(6, "AAA", 117_6000), risk=risk)
    assert fills_of(said)[1] == ("SELL", 50, 117.6, "FILLED")
    opened = bodies(said, PositionChanged)[0]
    assert (opened.stop_loss, opened.take_profit, opened.trail) == (97.0, None, 98.0)


def test_the_last_bar_of_a_session_stops_within_and_not_at_its_close() -> None:
    """The bar ends at four o'clock, when the market is closed; what is inside it was before."""
    last = bar(390, "AAA", 90_0000, open=99.0, high=99.0)
    entry = [*flat(range(380, 389)), signal(388, "AAA", "LONG")]
    assert codes(trade(*entry, last)) == ["ACCEPTED", "MARKET_CLOSED"]
    within = trade(*entry, last, risk=RiskParams(stops="within"))
    assert fills_of(within)[1] == ("SELL", 50, 97.0, "FILLED")


def test_what_waits_for_the_close_of_a_bar_was_not_held_inside_it() -> None:
    between = [*flat(range(1, 3)), signal(2.5, "AAA", "LONG"), dip(3, 100.0, 90.0, 101.0)]
    said = trade(*between, dip(4, 101.0, 100.5, 101.0), risk=RiskParams(stops="within"))
    assert fills_of(said) == [("BUY", 50, 101.0, "FILLED")]


def later(event: Event, micros: int) -> Event:
    """Let an event be known later, as a bar is that has a way to go."""
    return event._replace(stamp=event.stamp + micros)


@pytest.mark.parametrize("late", [0, 400_000, 59_000_000])
def test_the_last_bar_of_a_session_arrives_after_the_close_and_belongs_to_it(late: int) -> None:
    """Live it comes a moment after four o'clock; then it fills what waits, as in a backtest."""
    waiting = [*flat(range(380, 390)), signal(389.5, "AAA", "LONG")]
    said = trade(*waiting, later(bar(390, "AAA", 101_0000), late))
    assert fills_of(said) == [("BUY", 50, 101.0, "FILLED")]
    too_late = trade(*waiting, later(bar(390, "AAA", 101_0000), GRACE_US + 1))
    assert fills_of(too_late) == [("BUY", 0, None, "EXPIRED")]


def test_a_level_that_no_price_can_reach_is_not_named() -> None:
    """A price on the wire is at most ten million dollars; a reader refuses more."""
    high = 9_000_000 * 10_000
    risk = RiskParams(take_profit_bps=30_000, position_bps=10_000, max_exposure_bps=10_000)
    params = Params(risk=risk, fills=PLAIN, account=AccountParams(start_cash=1_000_000_000))
    events = [*flat(range(1, 3), close=high), signal(2, "AAA", "LONG")]
    ordered = sorted(events, key=lambda e: (e.stamp, e.key))
    (opened, *_) = bodies(outputs(Desk(params, DAY), blocks(ordered, [])), PositionChanged)
    assert (opened.stop_loss, opened.take_profit) == (8_730_000.0, None)
    assert decoder(PositionChanged)(encode(opened)) == opened


DAYS = SessionTable((OPEN, at(10), at(20), at(30)), (at(6), at(16), at(26), CLOSE))


def silent(price: Any = "last", after: int = 2, *more: Event, sessions: SessionTable = DAYS) -> Any:
    """Buy two tickers, then see bars of one of them only; 90 is the other's last price."""
    risk = RiskParams(
        delisted_sessions=after, delisted_price=price, stop_loss_bps=9_000, off=("STALE_PRICE",)
    )  # fmt: skip
    params = Params(risk=risk, fills=PLAIN, account=AccountParams(start_cash=100_000))
    events = [*flat(range(1, 3)), *flat(range(1, 3), "BBB"), signal(2, "AAA", "LONG"),
              signal(2, "BBB", "LONG"), bar(4, "BBB", 90_0000), *flat(range(3, 40)),
              *more]  # fmt: skip
    ordered = sorted(events, key=lambda e: (e.stamp, e.key))
    return outputs(Desk(params, sessions), blocks(ordered, []))


@pytest.mark.parametrize(
    ("price", "paid", "profit"), [("last", 90.0, "-500.0000"), ("zero", 0.0, "-5000.0000")]
)
def test_a_position_without_bars_is_closed_after_so_many_sessions(
    price: str, paid: float, profit: str
) -> None:
    """Its last bar was in the first session: the third is the second without one."""
    said = silent(price)
    [decision] = [d for d in bodies(said, Decision) if d.cause == "delisted"]
    assert (decision.ticker, decision.accepted, decision.side) == ("BBB", True, "SELL")
    assert decision.event_time == to_datetime(DAYS.ends[2] + 1)
    [sold] = [e for e in bodies(said, TradeExecution) if e.side == "SELL"]
    assert (sold.qty, sold.price, sold.commission) == (50, paid, Decimal(0))
    assert sold.pnl == Decimal(profit)
    assert decoder(TradeExecution)(encode(sold)) == sold
    last = bodies(said, PortfolioSnapshot)[-1]
    assert (last.cash, last.open_positions) == (Decimal(100_000 - 5_000) + Decimal(profit), 1)


def test_it_is_not_closed_where_nobody_asks_or_too_early() -> None:
    for after in (0, 4):
        assert all(d.cause == "signal" for d in bodies(silent("last", after), Decision))


def test_one_bar_begins_the_count_again() -> None:
    said = silent("last", 2, bar(12, "BBB", 95_0000))
    [decision] = [d for d in bodies(said, Decision) if d.cause == "delisted"]
    assert decision.event_time == to_datetime(DAYS.ends[3] + 1)


def test_a_halt_keeps_nothing_that_has_no_market() -> None:
    said = silent("last", 2, command(5, "halt"))
    assert [d.cause for d in bodies(said, Decision)] == ["signal", "signal", "delisted"]
