"""The learn flow's operators as one, and input for them."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from msgspec.structs import replace

from messages.base import make_id
from messages.control import RunStarted
from messages.flows import PAPER
from messages.learning import Credit, TradeOutcome
from messages.units import to_datetime
from operators.blocks import Block, Event
from operators.learning.outcomes import Outcomes, OutcomesState
from operators.learning.strategy_metrics import MetricsState, StrategyMetrics
from operators.learning.weights import Weights, WeightsState
from operators.merge import place_of
from operators.params import STRATEGIES, Params
from operators.trading.sessions import SessionTable

LEARN_ORDER = place_of(PAPER["learn"])


def begun(stamp: int, **changes: Any) -> Event:
    """Return the event that begins a run."""
    body = RunStarted(
        **{
            "id": make_id("run", "r"), "event_time": datetime(2025, 3, 12, tzinfo=UTC),
            "run_id": "r", "code_version": "1", "settings_hash": "0", "partitions": 1, **changes,
        }
    )  # fmt: skip
    return Event(stamp, "", body)


class Learn:
    """Outcomes, weights and metrics, one after the other, as flows/learn has them."""

    def __init__(
        self, params: Params, sessions: SessionTable, names: tuple[str, ...] = STRATEGIES,
        state: tuple[OutcomesState, WeightsState, MetricsState] | None = None,
    ) -> None:  # fmt: skip
        """Build them anew or from states."""
        judged, weighed, measured = state or (None, None, None)
        self.outcomes = Outcomes(params.risk, judged)
        self.weights = Weights(params.learning, sessions, names, weighed)
        self.metrics = StrategyMetrics(params.learning, params.account, sessions, names, measured)

    def step(self, block: Block) -> Block:
        """Take what the flow reads, in order."""
        return self.metrics.step(self.weights.step(self.outcomes.step(block)))

    def snapshot(self) -> tuple[OutcomesState, WeightsState, MetricsState]:
        """Return all three states."""
        return self.outcomes.snapshot(), self.weights.snapshot(), self.metrics.snapshot()


def outcome(
    stamp: int, shares: dict[str, float], r: float, *, n: int = 0, pnl: str = "10", hold: int = 60,
    closes: bool = True,
) -> Event:  # fmt: skip
    """Return an outcome that is credited by shares; `n` tells those of one stamp apart."""
    profit = Decimal(pnl)
    parts = tuple(
        Credit(name, share, (profit * Decimal(str(share))).quantize(Decimal("0.0001")))
        for name, share in shares.items()
    )
    body = TradeOutcome(
        id=make_id("out", stamp, n), event_time=to_datetime(stamp), account="paper", ticker="AAA",
        direction="LONG", qty=1, entry_order_id="e", exit_order_id="x", signal_id="s",
        realized_pnl=profit, roi=r / 100, hold_seconds=hold, risk_adjusted_return=r,
        strategy=next(iter(shares)), credits=parts, closes=closes,
    )  # fmt: skip
    return Event(stamp, body.strategy, body)


def revised(known: Event, stamp: int, r: float, *, qty: int = 1, closes: bool = True) -> Event:
    """Return an outcome as a correction makes it anew: other R and profit, or busted."""
    was = known.body
    assert isinstance(was, TradeOutcome)
    profit = was.realized_pnl * round(r * 100) / 100
    body = replace(
        was, id=make_id(was.id, stamp), event_time=to_datetime(stamp), qty=qty, closes=closes,
        realized_pnl=profit, risk_adjusted_return=r, roi=r / 100,
        credits=tuple(
            replace(c, pnl=(profit * Decimal(str(c.share))).quantize(Decimal("0.0001")))
            for c in was.credits
        ),
        revision=was.revision + 1, replaces=was.id, replaced_qty=was.qty,
        replaced_pnl=was.realized_pnl, replaced_return=was.risk_adjusted_return,
        replaced_roi=was.roi, replaced_closes=was.closes,
    )  # fmt: skip
    return Event(stamp, body.strategy, body)
