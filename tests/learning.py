"""The learn flow's operators as one, and input for them."""

from datetime import UTC, datetime
from typing import Any

from messages.base import make_id
from messages.control import RunStarted
from messages.flows import PAPER
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
