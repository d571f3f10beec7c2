"""The trading desk: risk, account and simulated broker as one state machine.

Strictly sequential in (stamp, key) order. Account and broker are one operator, so paper trading
and a backtest of the same input are the same bytes.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Final, Literal, NamedTuple

from messages.base import make_id
from messages.control import Command
from messages.market import Bar
from messages.trading import Cause, Decision, TradeSignal
from messages.units import MINUTE_US, to_micros, to_units
from operators.bar_filter import BarFilter
from operators.blocks import Block, Event
from operators.params import Params
from operators.states import State
from operators.trading.account import Account, AccountState, Fill, Position
from operators.trading.checks import (
    Denial,
    Proposal,
    Rules,
    first_denial,
    market_closed,
    size_entry,
    stop_hit,
)
from operators.trading.events import Ledger, Order, Request
from operators.trading.fills import commission, fill_price, resting_price
from operators.trading.last_bar import BarMemory, LastBar
from operators.trading.sessions import SessionTable

NEVER = 2**62  # a timer that is not armed
BEYOND = NEVER - 1  # no session is left in the table


TradingState = Literal["ACTIVE", "PAUSED", "REDUCING", "HALTED"]
STATES: Final[dict[str, TradingState]] = {
    "pause": "PAUSED",
    "resume": "ACTIVE",
    "reduce": "REDUCING",
    "halt": "HALTED",
}


class DeskState(State):
    """Account, orders, marks, timers and trading state.

    Attributes:
        last_bars: ticker -> start of its last good bar.
        orders: those that have not ended, in the order they were placed.
        exits: ticker -> stamp of its last exit.
        commands: ids of the commands taken, sorted.
        snapshot_due, close_due: stamps of the timers; NEVER where not armed.
    """

    account: AccountState
    last_bars: dict[str, datetime]
    orders: list[Order]
    exits: dict[str, int]
    bars: dict[str, BarMemory]
    state: TradingState
    flattening: bool
    commands: list[str]
    snapshot_due: int
    close_due: int


class ExitAsked(NamedTuple):
    """An exit that is being asked for, as the desk sees it.

    Attributes:
        position: to be closed; None when there is none.
        price: last price, units; None when there is none.
        state: ACTIVE, PAUSED, REDUCING or HALTED.
    """

    stamp: int
    ticker: str
    position: Position | None
    price: int | None
    state: str


Watch = Callable[[Decision, Proposal | ExitAsked], None]


class Desk:
    """Bars, signals and commands in; decisions, orders, executions, positions, snapshots out.

    Attributes:
        account: cash and positions, to read.
    """

    def __init__(
        self,
        params: Params,
        sessions: SessionTable,
        state: DeskState | None = None,
        watch: Watch | None = None,
    ) -> None:
        """Start with the cash of the parameters or from a snapshot.

        `watch` is shown each decision with what the checks saw; it must change nothing.
        """
        self._watch = watch
        self._params = params
        self._rules = Rules(params.risk, params.fills, sessions)
        self._ledger = Ledger(params.account.name)
        cash = params.account.start_cash * 10_000
        self.account = Account(cash, state.account if state else None)
        self._filter = BarFilter(state.last_bars if state else None)
        self._orders = {o.id: o for o in (state.orders if state else ())}
        self._exits = dict(state.exits if state else {})
        self._bars = {t: LastBar.resumed(b) for t, b in (state.bars if state else {}).items()}
        self._state = state.state if state else "ACTIVE"
        self._flattening = state.flattening if state else False
        self._commands = set(state.commands if state else ())
        self._snapshot_due = state.snapshot_due if state else NEVER
        self._close_due = state.close_due if state else NEVER

    def step(self, block: Block) -> Block:
        """Take the next stretch of bars, signals and commands."""
        out: list[Event] = []
        for event in block.events:
            self._fire(event.stamp, out)
            body = event.body
            if isinstance(body, Bar):
                if self._filter.reason_against(body, event.stamp) is None:
                    self._on_bar(event.stamp, body, out)
            elif isinstance(body, TradeSignal):
                self._on_signal(event.stamp, body, out)
            elif isinstance(body, Command):
                self._on_command(event.stamp, body, out)
            else:
                out.append(event)
        self._fire(block.frontier if block.ended else block.frontier - 1, out)
        if block.ended:
            out.append(self._ledger.snapshot(block.frontier, self.account, self._state))
        return Block(out, block.frontier, block.ended)

    def snapshot(self) -> DeskState:
        """Return account, orders, marks, timers and trading state."""
        return DeskState(
            account=self.account.snapshot(), last_bars=self._filter.snapshot(),
            orders=list(self._orders.values()), exits=dict(self._exits),
            bars={ticker: bar.snapshot() for ticker, bar in self._bars.items()},
            state=self._state, flattening=self._flattening, commands=sorted(self._commands),
            snapshot_due=self._snapshot_due, close_due=self._close_due,
        )  # fmt: skip

    # -- time ---------------------------------------------------------------------------------

    def _fire(self, stamp: int, out: list[Event]) -> None:
        while (due := min(self._close_due, self._snapshot_due)) <= stamp:
            if due == self._close_due:
                self._close_due = NEVER
                self._session_closed(due, out)
            else:
                self._snapshot_due = NEVER
                out.append(self._ledger.snapshot(due, self.account, self._state))

    def _arm(self, stamp: int) -> None:
        if self._snapshot_due == NEVER:
            every = self._params.account.snapshot_minutes * MINUTE_US
            self._snapshot_due = stamp - stamp % every + every
        if self._close_due == NEVER:
            close = self._rules.sessions.next_close(stamp - 1)
            # One microsecond later: the session's last bar is known at the close itself.
            self._close_due = BEYOND if close is None else close + 1

    def _session_closed(self, stamp: int, out: list[Event]) -> None:
        for bar in self._bars.values():
            if bar.today:
                bar.days.append(bar.today)
                bar.today = 0
        if "MARKET_CLOSED" not in self._params.risk.off:
            for order in list(self._orders.values()):
                del self._orders[order.id]
                out.append(self._ledger.executed(stamp, order, None, None, "EXPIRED"))

    # -- bars ---------------------------------------------------------------------------------

    def _on_bar(self, stamp: int, bar: Bar, out: list[Event]) -> None:
        price = to_units(bar.close)
        if NEVER in (self._close_due, self._snapshot_due):
            self._arm(stamp)
        last = self._bars.get(bar.ticker)
        if last is None:
            last = self._bars[bar.ticker] = LastBar(price, stamp, bar.volume)
        last.price, last.stamp, last.volume = price, stamp, bar.volume
        last.today += bar.volume
        if self._orders:
            self._meet(stamp, bar, out)
        position = self.account.mark(bar.ticker, price)
        if position is not None and stop_hit(position, price, self._params.risk):
            request = Request(("stop", bar.id), "stop", "", (bar.id, position.execution_id))
            self._exit(stamp, bar.ticker, position, request, out)

    def _meet(self, stamp: int, bar: Bar, out: list[Event]) -> None:
        for order in [o for o in self._orders.values() if o.ticker == bar.ticker]:
            price = resting_price(
                order.decided, to_micros(bar.start), to_units(bar.open), to_units(bar.close),
                self._params.fills,
            )  # fmt: skip
            if price is not None:
                self.account.mark(bar.ticker, price)
                self._fill(stamp, order, price, out)

    # -- signals and commands -----------------------------------------------------------------

    def _on_signal(self, stamp: int, signal: TradeSignal, out: list[Event]) -> None:
        request = Request((signal.id,), "signal", signal.id, (signal.id,))
        position = self.account.positions.get(signal.ticker)
        side = 1 if signal.direction == "LONG" else -1
        if position is not None and (position.qty > 0) != (side > 0):
            self._exit(stamp, signal.ticker, position, request, out)
        elif side > 0 or self._params.risk.allow_short:
            self._enter(stamp, signal, side, request, out)
        else:
            self._nothing_to_close(stamp, signal.ticker, side, request, out)

    def _enter(
        self, stamp: int, signal: TradeSignal, side: int, request: Request, out: list[Event]
    ) -> None:
        last = self._bars.get(signal.ticker)
        equity, risk = self.account.equity, self._params.risk
        qty = size_entry(equity, last.price, side, risk) if last else 0
        proposal = Proposal(
            stamp=stamp,
            ticker=signal.ticker,
            qty=qty,
            price=last.price if last else None,
            price_stamp=last.stamp if last else 0,
            last_exit=self._exits.get(signal.ticker),
            open_entries=self._open_entries(),
            bar_volume=last.volume if last else None,
            mean_volume=last.mean_volume if last else None,
            state=self._state,
            signal=signal,
            account=self.account,
        )
        denial = first_denial(proposal, self._rules)
        decision = self._ledger.decide(stamp, signal.ticker, side, request, denial)
        self._show(decision, proposal)
        out.append(decision)
        if denial is None:
            notional = abs(qty) * (last.price if last else 0)
            self._place(decision, signal.ticker, qty, notional, "", out)

    def _exit(
        self, stamp: int, ticker: str, position: Position, request: Request, out: list[Event]
    ) -> None:
        denial = market_closed(stamp, self._rules) or self._exit_denial(ticker, request.cause)
        decision = self._ledger.decide(stamp, ticker, -position.qty, request, denial)
        self._show(decision, self._asked(stamp, ticker))
        out.append(decision)
        if denial is None:
            self._place(decision, ticker, -position.qty, 0, position.trade_id, out)

    def _open_entries(self) -> dict[str, int]:
        found: dict[str, int] = {}
        for order in self._orders.values():
            if order.notional:
                found[order.ticker] = found.get(order.ticker, 0) + order.notional
        return found

    def _nothing_to_close(
        self, stamp: int, ticker: str, side: int, request: Request, out: list[Event]
    ) -> None:
        denial = Denial("NO_POSITION", "a position to close", "0 shares")
        decision = self._ledger.decide(stamp, ticker, side, request, denial)
        self._show(decision, self._asked(stamp, ticker))
        out.append(decision)

    def _asked(self, stamp: int, ticker: str) -> ExitAsked:
        last = self._bars.get(ticker)
        position = self.account.positions.get(ticker)
        return ExitAsked(stamp, ticker, position, last.price if last else None, self._state)

    def _show(self, decision: Event, asked: Proposal | ExitAsked) -> None:
        if self._watch is not None:
            assert isinstance(decision.body, Decision)
            self._watch(decision.body, asked)

    def _exit_denial(self, ticker: str, cause: Cause) -> Denial | None:
        if any(o.ticker == ticker and not o.notional for o in self._orders.values()):
            return Denial("NO_POSITION", "a position to close", "all of it is being sold")
        if cause == "signal" and self._state == "HALTED":
            return Denial("HALTED", "ACTIVE", self._state)
        return None

    def _on_command(self, stamp: int, command: Command, out: list[Event]) -> None:
        if command.id in self._commands:
            return  # one copy arrives from every partition
        self._commands.add(command.id)
        if command.kind == "close_position":
            self._close_positions(stamp, (command.ticker,), command, out)
        elif command.kind == "flatten":
            self._state, self._flattening = "REDUCING", True
            self._close_positions(stamp, sorted(self.account.positions), command, out)
        else:
            self._state, self._flattening = STATES[command.kind], False
        if self._state in ("REDUCING", "HALTED"):
            self._cancel_entries(stamp, out)
        self._finish_flatten()

    def _close_positions(
        self, stamp: int, tickers: tuple[str, ...] | list[str], command: Command, out: list[Event]
    ) -> None:
        for ticker in tickers:
            request = Request((command.id, ticker), "command", command.id, (command.id,))
            position = self.account.positions.get(ticker)
            if position is not None:
                self._exit(stamp, ticker, position, request, out)
            else:
                self._nothing_to_close(stamp, ticker, -1, request, out)

    def _cancel_entries(self, stamp: int, out: list[Event]) -> None:
        for order in [o for o in self._orders.values() if o.notional]:
            del self._orders[order.id]
            out.append(self._ledger.executed(stamp, order, None, None, "CANCELLED"))

    def _finish_flatten(self) -> None:
        if self._flattening and not self.account.positions:
            self._state, self._flattening = "HALTED", False

    # -- orders -------------------------------------------------------------------------------

    def _place(
        self, event: Event, ticker: str, qty: int, notional: int, trade: str, out: list[Event]
    ) -> None:
        decision, stamp = event.body, event.stamp
        assert isinstance(decision, Decision)
        order_id = make_id("ord", decision.id)
        trade = trade or make_id("trd", order_id)
        order = Order(order_id, ticker, qty, notional, stamp, decision.signal_id, trade)
        out.append(self._ledger.order(decision, order, reduces=notional == 0))
        self._orders[order.id] = order
        last = self._bars.get(ticker)
        if last and last.stamp == stamp and self._params.fills.model == "close":
            self._fill(stamp, order, last.price, out)

    def _fill(self, stamp: int, order: Order, raw: int, out: list[Event]) -> None:
        del self._orders[order.id]
        volume = self._bars[order.ticker].volume
        price = fill_price(raw, order.qty, volume, self._params.fills)
        fee = commission(price, order.qty, self._params.fills)
        cause = make_id("exe", order.id, 1)
        fill = Fill(
            stamp, order.ticker, order.qty, price, fee, order.trade_id, order.signal_id, cause
        )
        pnl = self.account.apply(fill)
        executed = self._ledger.executed(stamp, order, fill, pnl, "FILLED")
        out.append(executed)
        if order.ticker not in self.account.positions:
            self._exits[order.ticker] = stamp
        risk = self._params.risk
        out.append(self._ledger.position(stamp, order.ticker, self.account, cause, pnl or 0, risk))
        self._finish_flatten()
