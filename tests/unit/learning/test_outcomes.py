"""Outcomes, one execution after the other."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from messages.learning import TradeOutcome
from messages.trading import TradeExecution
from messages.units import DAY_US
from operators.blocks import Block, Event
from operators.learning.credit import UNATTRIBUTED
from operators.learning.outcomes import Outcomes
from operators.params import RiskParams
from tests.streams import at, signal

MOMENT = datetime(2025, 3, 12, 14, tzinfo=UTC)


def fill(
    n: int, side: str, qty: int, price: float | None, pnl: str | None = None,
    status: str = "FILLED", signal_id: str = "",
) -> Event:  # fmt: skip
    body = TradeExecution(
        id=f"exe-{n}", event_time=MOMENT, account="paper", trade_id="trd", order_id=f"ord-{side}",
        execution_id=f"exe-{n}", ticker="AAA", side=side, qty=qty, price=price, status=status,  # type: ignore[arg-type]
        pnl=None if pnl is None else Decimal(pnl), timestamp=MOMENT, signal_id=signal_id,
    )  # fmt: skip
    return Event(at(n), "paper", body)


def judged(*events: Event) -> tuple[list[TradeOutcome], Outcomes]:
    outcomes = Outcomes(RiskParams())
    made = outcomes.step(Block(list(events), at(99))).events
    return [e.body for e in made if isinstance(e.body, TradeOutcome)], outcomes


@pytest.mark.parametrize(
    ("events", "wanted"),
    [
        (
            [fill(1, "BUY", 50, 10.0), fill(2, "BUY", 50, 12.0), fill(3, "SELL", 100, 13.0, "200")],
            [(100, "200", 200 / 1100)],
        ),
        (
            [fill(1, "BUY", 100, 10.0), fill(2, "SELL", 50, 12.0, "100"),
             fill(3, "SELL", 50, 13.0, "150")],
            [(50, "100", 100 / 500), (50, "150", 150 / 500)],
        ),
        (
            [fill(1, "BUY", 3, 10.0), fill(2, "SELL", 1, 12.0, "2"), fill(3, "BUY", 1, 16.0),
             fill(4, "SELL", 3, 13.0, "3")],
            [(1, "2", 2 / 10), (3, "3", 3 / 36)],
        ),
        ([fill(1, "SELL", 10, 10.0), fill(2, "BUY", 10, 9.0, "10")], [(10, "10", 10 / 100)]),
        ([fill(1, "BUY", 0, None, status="EXPIRED"), fill(2, "BUY", 5, 10.0)], []),
    ],
    ids=["two in, one out", "one in, two out", "in and out", "short", "an order that expired"],
)  # fmt: skip
def test_one_outcome_per_closing_fill(
    events: list[Event], wanted: list[tuple[int, str, float]]
) -> None:
    found, _ = judged(*events)
    assert [(o.qty, o.realized_pnl) for o in found] == [(q, Decimal(pnl)) for q, pnl, _ in wanted]
    assert [o.roi for o in found] == pytest.approx([roi for *_, roi in wanted])
    assert all(o.credits[0].strategy == UNATTRIBUTED for o in found)


def test_a_round_trip_that_is_over_is_forgotten() -> None:
    _, outcomes = judged(fill(1, "BUY", 5, 10.0), fill(2, "SELL", 5, 11.0, "5"))
    assert outcomes.snapshot().trades == {}


def test_credit_goes_to_those_that_voted_the_entry_s_way() -> None:
    entry = signal(1, "AAA", "LONG")
    found, _ = judged(
        entry, fill(1, "BUY", 5, 10.0, signal_id=entry.body.id),  # type: ignore[attr-defined]
        fill(2, "SELL", 5, 11.0, "5.0000"),
    )  # fmt: skip
    (outcome,) = found
    assert [(c.strategy, c.share, c.pnl) for c in outcome.credits] == [
        ("momentum", 1.0, Decimal("5.0000"))
    ]
    assert outcome.hold_seconds == 60
    assert outcome.risk_adjusted_return == pytest.approx(5 / (50 * 0.03))


def test_old_signals_are_forgotten_unless_a_trade_is_open() -> None:
    kept, gone = signal(1, "AAA", "LONG"), signal(2, "BBB", "LONG")
    outcomes = Outcomes(RiskParams())
    outcomes.step(Block([kept, gone, fill(3, "BUY", 5, 10.0, signal_id=kept.body.id)], at(4)))  # type: ignore[attr-defined]
    late = signal(5, "CCC", "LONG")
    outcomes.step(Block([late._replace(stamp=at(5) + 2 * DAY_US)], at(6) + 2 * DAY_US))
    assert set(outcomes.snapshot().signals) == {kept.body.id, late.body.id}  # type: ignore[attr-defined]
