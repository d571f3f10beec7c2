"""The trading desk: timers, bars, signals and commands into decisions, orders and bookings.

Strictly sequential in (stamp, key) order. The desk runs the checks, keeps the order book and the
account; a broker fills the orders. In paper mode that is the simulated one, inside the same
operator, so paper trading and a backtest of the same input are the same bytes. An outside broker
tells what became of them in events of its own: only it ends an order then. An execution is booked
in the same way wherever it comes from.
"""

from collections.abc import Iterable
from functools import partial

from messages.base import make_id
from messages.broker import BrokerEvent
from messages.control import Command
from messages.market import Bar, TradingHalt
from messages.trading import Cause, CheckResult, Decision, ExecutionCorrected, TradeSignal
from messages.units import to_micros, to_units
from operators import checks
from operators.bar_filter import BarFilter
from operators.blocks import Block, Event
from operators.check_results import entry_results, exit_results
from operators.checks import ACCEPTED, UNKNOWN, Denial, session_denial
from operators.params import Params
from operators.trading.account import Account, Position
from operators.trading.asked import EntryAsked, ExitAsked, Watch, ask_of
from operators.trading.back_filled import catch_up, turn_day
from operators.trading.bookkeeping import Bookkeeper
from operators.trading.corrections import AMENDMENTS, adopted, amended, misfits
from operators.trading.desk_state import DeskState
from operators.trading.events import EventFactory, Request
from operators.trading.fills import SimulatedBroker
from operators.trading.last_bar import LastBar
from operators.trading.legs import CAUSES, NO_LEGS, Beside, Legs, bracket_of
from operators.trading.news_clock import NewsClock
from operators.trading.orders import Order, OrderBook
from operators.trading.outside_broker import OutsideBroker
from operators.trading.protection import exit_by
from operators.trading.sessions import NEVER, SessionTable
from operators.trading.sizing import Sizing
from operators.trading.timers import Timers
from operators.trading.trading_state import STATES, TradingStates


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
        broker: SimulatedBroker | None = None,
        *,
        outside: bool = False,
        brackets: bool = False,
    ) -> None:
        """Start with the cash of the parameters or from a snapshot.

        `watch` is shown each decision with what the checks looked at; it must change nothing.
        `broker` fills the orders; by default the simulated one of the parameters. `outside`: they
        wait for what a broker tells; `brackets`: it holds stops and targets beside its entries.
        """
        self._watch = watch
        self._risk, self._limits = params.risk, params.risk.limits
        self._exits_by, self._exits_within = params.risk.exits, params.risk.exits.within
        self._at_open = params.fills.model == "next_open"
        self._sizing = Sizing(params)
        self._sessions, self._clock = sessions, NewsClock(params.sentiment, sessions)
        self._events = EventFactory(params.account.name)
        self._outside = OutsideBroker(state.broker if state else None) if outside else None
        self._legs = self._outside.legs if self._outside else Legs()
        self._brackets = brackets
        self._first_denial = checks.first_denial_at_broker if outside else checks.first_denial
        self._simulated = broker or SimulatedBroker(params.fills)
        self._broker: SimulatedBroker | OutsideBroker = self._outside or self._simulated
        self._start_cash = params.account.start_cash * 10_000
        self.account = Account(self._start_cash, state.account if state else None)
        checked = not checks.is_off("BUYING_POWER", self._limits)
        self._free_cash = partial(self._sizing.free_cash, self.account) if checked else None
        self._filter = BarFilter(state.last_bars if state else None)
        self._orders = OrderBook(state.orders if state else ())
        self._bars = {t: LastBar.resumed(b) for t, b in (state.bars if state else {}).items()}
        now, flattening = (state.state, state.flattening) if state else ("ACTIVE", None)
        self._states = TradingStates(self._events, now, flattening)
        self._books = Bookkeeper(
            self.account, self._orders, self._events, self._states, params.risk,
            dict(state.exits if state else {}),
        )  # fmt: skip
        self._commands = set(state.commands if state else ())
        due, close = (state.snapshot_due, state.close_due) if state else (NEVER, NEVER)
        self._timers = Timers(params.account.snapshot_minutes, sessions, due, close)

    def step(self, block: Block) -> Block:
        """Take the next batch of bars, signals and commands."""
        out: list[Event] = []
        for event in block.events:
            if event.stamp >= self._timers.due:
                self._fire(event.stamp, out)
            body = event.body
            if isinstance(body, Bar):
                if self._filter.reason_against(body, event.stamp) is None:
                    self._on_bar(event.stamp, body, out)
            elif isinstance(body, TradeSignal):
                self._on_signal(event.stamp, body, out)
            elif isinstance(body, Command):
                self._on_command(event.stamp, body, out)
            elif isinstance(body, BrokerEvent | TradingHalt):
                self._on_broker(event.stamp, body, out)
            else:
                out.append(event)
        if block.frontier >= self._timers.due:
            self._fire(block.frontier if block.ended else block.frontier - 1, out)
        if block.ended:
            out.append(self._events.snapshot(block.frontier, self.account, self._states.now))
        return Block(out, block.frontier, block.ended)

    def snapshot(self) -> DeskState:
        """Return account, orders, marks, timers and trading state."""
        return DeskState(
            account=self.account.snapshot(), last_bars=self._filter.snapshot(),
            orders=self._orders.open_orders(), exits=dict(self._books.exits),
            bars={ticker: bar.snapshot() for ticker, bar in self._bars.items()},
            state=self._states.now, flattening=self._states.flattening,
            commands=sorted(self._commands), snapshot_due=self._timers.periodic,
            close_due=self._timers.close,
            broker=self._outside.snapshot() if self._outside else None,
        )  # fmt: skip

    def _fire(self, stamp: int, out: list[Event]) -> None:
        """Let the timers fire that are due up to a stamp."""
        for due, session_ended in self._timers.fire(stamp):
            if session_ended:
                self._session_closed(due, out)
            else:
                out.append(self._events.snapshot(due, self.account, self._states.now))

    def _session_closed(self, stamp: int, out: list[Event]) -> None:
        for bar in self._bars.values():
            bar.end_day()
        if self._outside is not None:
            self._outside.forget(stamp)
        elif not checks.is_off("MARKET_CLOSED", self._limits):
            self._books.end(stamp, self._orders.open_orders(), "EXPIRED", out)
        if self._exits_by.silent and self._outside is None:
            self._close_the_silent(stamp, out)
        out.append(self._events.snapshot(stamp, self.account, self._states.now))

    def _close_the_silent(self, stamp: int, out: list[Event]) -> None:
        """Close what has had no bar for too many sessions, the one that has just ended included."""
        ended = self._sessions.number_of(stamp - 1)
        for ticker in sorted(self.account.positions):
            last = self._bars.get(ticker)
            if last is None or ended - self._sessions.number_of(last.stamp) < self._exits_by.silent:
                continue
            leaving = [order for order in self._orders.of(ticker) if not order.enters]
            self._books.end(stamp, leaving, "CANCELLED", out)
            position = self.account.positions[ticker]
            held = position.execution_id
            request = Request(("delisted", held), "delisted", "", (held,))
            decision = self._decide(stamp, ticker, -position.qty, request, None, out)
            self._show_exit(decision, stamp, ticker)
            order = self._order(decision, stamp, -position.qty, 0, position.trade_id, out)
            gone = self._simulated.delisted(order, last.price, worthless=self._exits_by.worthless)
            self._books.book(stamp, (gone,), out)

    def _on_bar(self, stamp: int, bar: Bar, out: list[Event]) -> None:
        price = to_units(bar.close)
        self._timers.arm(stamp)
        last = self._bars.get(bar.ticker)
        if last is None:
            last = self._bars[bar.ticker] = LastBar(price, stamp, bar.volume)
        if bar.backfilled:
            closes = not self._exits_within
            catch_up(stamp, bar, last, self.account, self._sessions, by_close=closes)
            return
        turn_day(last, stamp, self._sessions)
        last.price, last.stamp, last.volume = price, stamp, bar.volume
        last.today += bar.volume
        if self._exits_within and not self._at_open:
            self._protect(stamp, bar, out)  # before an order that waits for the close
        if self._orders and (waiting := self._orders.of(bar.ticker)):
            self._books.book(stamp, self._broker.on_bar(waiting, bar, self._free_cash), out)
        if self._exits_within and self._at_open:
            self._protect(stamp, bar, out)
        position = self.account.mark(bar.ticker, price)
        if position is None:
            return
        if self._at_open or position.opened < stamp:  # all of the bar was after the entry
            self.account.travel(bar.ticker, to_units(bar.high), to_units(bar.low))
        if not self._exits_within:
            self.account.extend(bar.ticker, price, price)
            self._protect(stamp, bar, out)
        elif self._at_open or position.opened < stamp:  # all of the bar was after the entry
            self.account.extend(bar.ticker, to_units(bar.high), to_units(bar.low))

    def _protect(self, stamp: int, bar: Bar, out: list[Event]) -> None:
        """Close a position whose stop or target the bar meets."""
        position = self.account.positions.get(bar.ticker)
        if position is None or self._legs.protects(bar.ticker, position.qty):
            return
        if (found := exit_by(position, bar, self._exits_by)) is None:
            return
        cause, price = found
        request = Request((cause, bar.id), cause, "", (bar.id, position.execution_id))
        within = price if self._exits_within else None
        began = to_micros(bar.start) if self._exits_within else stamp
        self._exit(stamp, bar.ticker, position, request, out, within=within, when=began)

    def _on_signal(self, stamp: int, signal: TradeSignal, out: list[Event]) -> None:
        request = Request((signal.id,), "signal", signal.id, (signal.id,))
        position = self.account.positions.get(signal.ticker)
        side = 1 if signal.direction == "LONG" else -1
        if position is not None and (position.qty > 0) != (side > 0):
            self._exit(stamp, signal.ticker, position, request, out)
        elif side > 0 or self._risk.allow_short:
            self._enter(stamp, signal, side, request, out)
        else:
            self._nothing_to_close(stamp, signal.ticker, side, request, out)

    def _enter(
        self, stamp: int, signal: TradeSignal, side: int, request: Request, out: list[Event]
    ) -> None:
        last = self._bars.get(signal.ticker)
        ask = ask_of(
            stamp, signal, side, self.account, self._orders, last, self._sizing, self._clock,
            is_open=self._sessions.is_open(stamp), state=self._states.now,
            last_exit=self._books.exits.get(signal.ticker, UNKNOWN),
            broker=self._broker.readiness_for(signal.ticker, last),
        )  # fmt: skip
        number, limit, actual = self._first_denial(ask, self._limits)
        denial = None if number == ACCEPTED else checks.denial_of(ask, number, limit, actual)
        qty = side if denial else ask.qty
        results = entry_results(ask, self._limits, broker=self._outside is not None)
        decision = self._decide(stamp, signal.ticker, qty, request, denial, out, results)
        if self._watch is not None:
            self._watch(decision, EntryAsked(signal.ticker, ask))
        if denial is None:
            reserve = -(-ask.cost // abs(ask.qty))  # by each share, rounded up
            legs = bracket_of(ask.qty, ask.price, self._exits_by) if self._brackets else NO_LEGS
            self._place(decision, stamp, signal.ticker, ask.qty, reserve, "", out, beside=legs)

    def _exit(
        self, stamp: int, ticker: str, position: Position, request: Request, out: list[Event],
        *, within: int | None = None, when: int | None = None,
    ) -> None:  # fmt: skip
        """Decide on an exit; one within a bar fills there, if the bar began in session."""
        is_open = self._sessions.is_open(stamp if when is None else when)
        denial = session_denial(is_open, self._limits) or self._exit_denial(ticker, request.cause)
        free = 0 if self._orders.is_exiting(ticker, self._legs) else position.qty
        results = exit_results(self._limits, self._states.now, request.cause, free, is_open)
        decision = self._decide(stamp, ticker, -position.qty, request, denial, out, results)
        self._show_exit(decision, stamp, ticker)
        if denial is None:
            self._place(
                decision, stamp, ticker, -position.qty, 0, position.trade_id, out, within=within
            )

    def _nothing_to_close(
        self, stamp: int, ticker: str, side: int, request: Request, out: list[Event]
    ) -> None:
        denial = Denial("NO_POSITION", "a position to close", "0 shares")
        is_open = self._sessions.is_open(stamp)
        results = exit_results(self._limits, self._states.now, request.cause, 0, is_open)
        decision = self._decide(stamp, ticker, side, request, denial, out, results)
        self._show_exit(decision, stamp, ticker)

    def _exit_denial(self, ticker: str, cause: Cause) -> Denial | None:
        if self._orders.is_exiting(ticker, self._legs):
            return Denial("NO_POSITION", "a position to close", "all of it is being sold")
        if cause == "signal" and self._states.now == "HALTED":
            return Denial("HALTED", "ACTIVE", self._states.now)
        return None

    def _decide(
        self, stamp: int, ticker: str, qty: int, request: Request, denial: Denial | None,
        out: list[Event], results: tuple[CheckResult, ...] = (),
    ) -> Decision:  # fmt: skip
        decision = self._events.decide(stamp, ticker, qty, request, denial, results)
        out.append(Event(stamp, decision.account, decision))
        return decision

    def _show_exit(self, decision: Decision, stamp: int, ticker: str) -> None:
        if self._watch is not None:
            last = self._bars.get(ticker)
            price = last.price if last else None
            position = self.account.positions.get(ticker)
            is_open = self._sessions.is_open(stamp)
            self._watch(decision, ExitAsked(stamp, ticker, position, price, is_open))

    def _place(
        self, decision: Decision, stamp: int, ticker: str, qty: int, reserve: int, trade: str,
        out: list[Event], *, within: int | None = None, beside: Beside = NO_LEGS,
    ) -> None:  # fmt: skip
        order = self._order(decision, stamp, qty, reserve, trade, out, within, beside)
        last = self._bars.get(ticker)
        if within is not None and last is not None:
            at_once = self._broker.within_bar(order, within, last.volume)
        else:
            at_once = self._broker.at_once(order, last)
        if at_once is not None:
            self._books.book(stamp, (at_once,), out)

    def _order(
        self, decision: Decision, stamp: int, qty: int, reserve: int, trade: str, out: list[Event],
        level: int | None = None, beside: Beside = NO_LEGS,
    ) -> Order:  # fmt: skip
        """Put an order into the book; `level`: the price that a bar met, if one did."""
        id_ = make_id("ord", decision.id)
        trade = trade or make_id("trd", id_)
        last = self._bars.get(decision.ticker)
        price = level or (last.price if last else UNKNOWN)
        order = Order(
            id_, decision.ticker, qty, 0, 0, reserve, stamp, decision.signal_id, trade, price
        )
        out.append(self._events.order(decision, order, beside))
        self._orders.place(order)
        self._legs.placed(id_, decision.ticker, beside)
        return order

    def _on_command(self, stamp: int, command: Command, out: list[Event]) -> None:
        if command.id in self._commands:
            return  # one copy arrives from every partition
        self._commands.add(command.id)
        if command.kind == "close_position":
            self._close_positions(stamp, (command.ticker,), command, out)
        elif command.kind in STATES:
            self._states.obey(stamp, command, out)
            if command.kind == "flatten":
                self._close_positions(stamp, sorted(self.account.positions), command, out)
        elif command.kind in AMENDMENTS:
            self._amend(stamp, command, out)
        if self._states.now in ("REDUCING", "HALTED") and self._outside is None:
            entries = [o for o in self._orders.open_orders() if o.enters]
            self._books.end(stamp, entries, "CANCELLED", out)
        self._states.finish_flatten(stamp, self.account.positions, out)

    def _on_broker(self, stamp: int, event: BrokerEvent | TradingHalt, out: list[Event]) -> None:
        if self._outside is None:
            return
        if isinstance(event, BrokerEvent) and event.kind == "adopted":
            self._books.exits.clear()
            self._legs.clear()
            out += adopted(stamp, event, self.account, self._events, self._risk)
            self._states.finish_flatten(stamp, self.account.positions, out)
        if isinstance(event, BrokerEvent) and event.kind == "fill" and event.leg:
            self._place_leg(stamp, event, out)
        self._books.book(stamp, self._outside.take(stamp, event, self._orders), out)

    def _place_leg(self, stamp: int, event: BrokerEvent, out: list[Event]) -> None:
        """Write down the order of a leg with its first fill: it is at the broker already."""
        known = self._legs.of(event)
        position = self.account.positions.get(known.ticker) if known is not None else None
        qty = known.closing(event, position.qty) if known is not None and position else 0
        if known is None or position is None or not qty:
            return
        request = Request((known.entry, event.leg), CAUSES[event.leg], "", (event.id, known.entry))
        decision = self._decide(stamp, known.ticker, qty, request, None, out)
        self._show_exit(decision, stamp, known.ticker)
        price, beside = known.price(event.leg), Beside(leg_of=known.entry, leg=event.leg)
        self._order(decision, stamp, qty, 0, position.trade_id, out, price, beside)
        self._legs.ordered(known.entry, event.order_id)

    def _amend(self, stamp: int, command: Command, out: list[Event]) -> None:
        """Correct an execution, or let the account begin anew."""
        if command.kind == "reset_account":
            if self._outside is not None:
                return  # the broker has the account: it follows once it says what is in it
            self._books.end(stamp, self._orders.open_orders(), "CANCELLED", out)
            self._books.exits.clear()
        changed = amended(stamp, command, self.account, self._events, self._risk, self._start_cash)
        out += changed
        for event in changed:
            if isinstance(event.body, ExecutionCorrected) and self._outside is None:
                self._fit_orders(stamp, event.body.ticker, command, out)  # brokers end their own

    def _fit_orders(self, stamp: int, ticker: str, command: Command, out: list[Event]) -> None:
        """Cancel what waits for other shares than there are, and decide on an exit anew."""
        position = self.account.positions.get(ticker)
        wrong = misfits(self._orders.of(ticker), position)
        self._books.end(stamp, wrong, "CANCELLED", out)
        if position is not None and any(not order.enters for order in wrong):
            request = Request((command.id, ticker), "command", command.id, (command.id,))
            self._exit(stamp, ticker, position, request, out)

    def _close_positions(
        self, stamp: int, tickers: Iterable[str], command: Command, out: list[Event]
    ) -> None:
        for ticker in tickers:
            request = Request((command.id, ticker), "command", command.id, (command.id,))
            position = self.account.positions.get(ticker)
            if position is not None:
                self._exit(stamp, ticker, position, request, out)
            else:
                self._nothing_to_close(stamp, ticker, -1, request, out)
