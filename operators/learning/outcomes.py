"""Outcomes: each closing fill judged, its credit split over the strategies behind the entry.

credit share = weight x strength of the strategies that voted in the entry's direction, over
their sum. R multiple = profit over what the stop put at risk at entry.
"""

from decimal import Decimal
from typing import NamedTuple

from messages.base import make_id
from messages.learning import Credit, TradeOutcome
from messages.trading import TradeExecution, TradeSignal
from messages.units import DAY_US, SECOND_US, from_money, to_datetime, to_money, to_units
from operators.blocks import Block, Event
from operators.learning.credit import credit_shares, split_profit
from operators.params import RiskParams
from operators.states import State


class OpenTrade(NamedTuple):
    """The open part of a round trip; money in units.

    Attributes:
        stamp: of the first fill; order_id, execution_id, signal_id, side: likewise.
        qty: open shares.
        cost: what the open shares were bought for, or sold for when short; positive.
    """

    stamp: int
    order_id: str
    execution_id: str
    signal_id: str
    side: str
    qty: int
    cost: int


Backing = tuple[int, tuple[tuple[str, str, float], ...]]


class OutcomesState(State):
    """Open round trips and the signals that may still matter.

    Attributes:
        trades: trade id -> its opening fill.
        signals: signal id -> (stamp, ((strategy, vote, weight x strength), ...)).
        swept: stamp at which old signals were last forgotten.
    """

    trades: dict[str, OpenTrade]
    signals: dict[str, Backing]
    swept: int


class Outcomes:
    """Executions and signals in, one outcome per closed trade out."""

    def __init__(self, risk: RiskParams, state: OutcomesState | None = None) -> None:
        """Start empty or from a snapshot."""
        self._risk = risk
        self._trades = dict(state.trades if state else {})
        self._signals = dict(state.signals if state else {})
        self._swept = state.swept if state else 0

    def step(self, block: Block) -> Block:
        """Take the next batch of executions and signals."""
        out: list[Event] = []
        for event in block.events:
            self._sweep(event.stamp)
            body = event.body
            if isinstance(body, TradeSignal):
                votes = tuple(
                    (s.strategy, s.vote, s.weight * s.strength) for s in body.strategy_sources
                )
                self._signals[body.id] = (event.stamp, votes)
            elif isinstance(body, TradeExecution):
                if body.price is not None:
                    self._on_fill(event.stamp, body, out)
            else:
                out.append(event)
        return Block(out, block.frontier, block.ended)

    def snapshot(self) -> OutcomesState:
        """Return open round trips and the signals that may still matter."""
        return OutcomesState(
            trades=dict(self._trades), signals=dict(self._signals), swept=self._swept
        )

    def _on_fill(self, stamp: int, fill: TradeExecution, out: list[Event]) -> None:
        """Add an opening fill to its round trip; judge a closing one by its share of the entry.

        A part takes its share of the entry's cost rounded down, as the account does.
        """
        entry = self._trades.get(fill.trade_id)
        value = fill.qty * to_units(fill.price or 0.0)
        if entry is None:
            self._trades[fill.trade_id] = OpenTrade(
                stamp, fill.order_id, fill.id, fill.signal_id, fill.side, fill.qty, value
            )
        elif fill.pnl is None:
            self._trades[fill.trade_id] = entry._replace(
                qty=entry.qty + fill.qty, cost=entry.cost + value
            )
        else:
            whole = fill.qty >= entry.qty
            part = entry.cost if whole else entry.cost * fill.qty // entry.qty
            outcome = self._judge(stamp, entry, part, fill, fill.pnl)
            out.append(Event(stamp, outcome.strategy, outcome))
            if whole:
                del self._trades[fill.trade_id]
            else:
                self._trades[fill.trade_id] = entry._replace(
                    qty=entry.qty - fill.qty, cost=entry.cost - part
                )

    def _judge(
        self, stamp: int, entry: OpenTrade, cost: int, fill: TradeExecution, pnl: Decimal
    ) -> TradeOutcome:
        direction = "LONG" if entry.side == "BUY" else "SHORT"
        profit = from_money(pnl)
        at_risk = cost * self._risk.stop_loss_bps / 10_000
        shares = self._credits(entry.signal_id, direction, profit)
        return TradeOutcome(
            id=make_id("out", fill.id),
            causes=(entry.execution_id, fill.id, *((entry.signal_id,) if entry.signal_id else ())),
            event_time=to_datetime(stamp),
            account=fill.account,
            ticker=fill.ticker,
            direction=direction,  # type: ignore[arg-type]  # one of the two words
            qty=fill.qty,
            entry_order_id=entry.order_id,
            exit_order_id=fill.order_id,
            signal_id=entry.signal_id,
            realized_pnl=pnl,
            roi=profit / cost if cost else 0.0,
            hold_seconds=(stamp - entry.stamp) // SECOND_US,
            risk_adjusted_return=profit / at_risk if at_risk else 0.0,
            strategy=max(shares, key=lambda c: c.share).strategy,
            credits=shares,
        )

    def _credits(self, signal_id: str, direction: str, profit: int) -> tuple[Credit, ...]:
        _, votes = self._signals.get(signal_id, (0, ()))
        backing = [(s, x) for s, vote, x in votes if vote == direction]
        shares, parts = credit_shares(backing), split_profit(profit, backing)
        return tuple(
            Credit(strategy, share, to_money(part))
            for (strategy, share), part in zip(shares, parts, strict=True)
        )

    def _sweep(self, stamp: int) -> None:
        """Once a day, forget signals older than a day that no open trade came from."""
        if stamp - self._swept < DAY_US:
            return
        self._swept = stamp
        wanted = {e.signal_id for e in self._trades.values()}
        self._signals = {
            s: kept for s, kept in self._signals.items() if kept[0] > stamp - DAY_US or s in wanted
        }
