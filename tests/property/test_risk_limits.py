"""For any stream no accepted entry breaks a limit, and every signal has one answer."""

from hypothesis import given, settings
from hypothesis import strategies as st

from messages.trading import Decision, OrderRequest, TradeExecution, TradeSignal
from messages.units import to_units
from operators.blocks import Block, Event
from operators.params import AccountParams, Params, RiskParams
from operators.trading.desk import Desk
from tests.streams import DAY, END, bodies, desk_input


@settings(max_examples=60)
@given(
    desk_input(), st.integers(1, 5_000), st.integers(0, 3), st.integers(0, 10_000), st.booleans()
)
def test_no_limit_is_ever_passed(
    events: list[Event],
    share: int,
    most: int,
    exposure: int,
    short: bool,
) -> None:
    risk = RiskParams(
        position_bps=share, max_positions=most, max_exposure_bps=exposure, participation_bps=10_000,
        allow_short=short, cooldown_minutes=0,
    )  # fmt: skip
    desk = Desk(Params(risk=risk, account=AccountParams(start_cash=50_000)), DAY)
    said: list[Event] = []
    for event in [*events, None]:
        account = desk.account
        equity, gross = account.equity, account.gross
        new = desk.step(Block([event], event.stamp) if event else Block([], END, ended=True)).events
        said += new
        assert len(account.positions) <= most
        for order in bodies(new, OrderRequest):
            if not order.reduces:
                notional = order.qty * account.marks[order.ticker]
                assert 10_000 * notional <= share * equity
                assert 10_000 * (gross + notional) <= exposure * equity
    signals = [s.id for s in bodies(events, TradeSignal)]
    answers = [d.signal_id for d in bodies(said, Decision) if d.cause == "signal"]
    assert sorted(answers) == sorted(signals)
    accepted = [d.id for d in bodies(said, Decision) if d.accepted]
    assert sorted(o.decision_id for o in bodies(said, OrderRequest)) == sorted(accepted)
    ends = [e.order_id for e in bodies(said, TradeExecution)]
    assert len(ends) == len(set(ends))
    assert set(ends) <= {o.id for o in bodies(said, OrderRequest)}
    assert all(to_units(e.price) > 0 for e in bodies(said, TradeExecution) if e.price is not None)
