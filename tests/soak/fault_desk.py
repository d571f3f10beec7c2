"""The desk, what sends its orders, and the market's stream, in a closed loop without Kafka."""

from typing import Any, Final

from msgspec import Struct

from connectors.broker.alpaca.client import AlpacaBroker
from connectors.broker.alpaca.market_data import AlpacaMarketData
from connectors.broker.values import MarketBar
from connectors.envelope import Envelope
from connectors.kafka.bell import Bell
from connectors.steady_clock import SteadyClock
from flows.execution.said import BrokerEvents
from flows.execution.state import MachineState
from flows.execution.step import ExecutionStep
from flows.execution.timings import Timings
from messages.base import make_id
from messages.broker import BrokerEvent
from messages.control import Command, CommandKind, DeadLetter
from messages.market import INTERVALS, Bar, bar_id
from messages.trading import OrderRequest, StrategyVote, TradeSignal
from messages.units import SECOND_US, to_datetime
from operators.blocks import Block, Event
from operators.params import AccountParams, FillParams, Params, RiskParams
from operators.states import decode_state
from operators.trading.desk import Desk
from tests.broker.served import QUICK, params_for
from tests.soak.fault_venue import CASH, TICKERS, open_all_day

ACCOUNT: Final = "faults"
LOOK_EVERY_S: Final = 2
TICK_MS: Final = 50
TIMES: Final = Timings(  # of a broker on this machine: nothing is under way for long
    back_off=(SECOND_US // 5, SECOND_US // 2, SECOND_US), settled=2 * SECOND_US,
    look_again=SECOND_US // 2,
)  # fmt: skip
PARAMS: Final = Params(
    risk=RiskParams(
        position_bps=500, stop_loss_bps=40, cooldown_minutes=0, participation_bps=10_000
    ),
    fills=FillParams(commission_per_share=0),
    account=AccountParams(name=ACCOUNT, start_cash=CASH),
)


class ClosedLoop:
    """A desk at a broker: what it asks for goes out, what the broker says comes in.

    Attributes:
        said: by the broker, as it was let in.
        requests: of the desk.
        unusable: what went nowhere.
    """

    def __init__(self, port: int, *, brackets: bool = False) -> None:
        params = params_for(port, timeout_seconds=10)
        self.clock, self._last = SteadyClock(), 0
        self.said: list[BrokerEvent] = []
        self.requests: list[OrderRequest] = []
        self.unusable: list[DeadLetter] = []
        self.desk = Desk(PARAMS, open_all_day(), outside=True, brackets=brackets)
        self._bell, self._heard = Bell(), 0
        self._commands: list[Command] = []
        self._step = ExecutionStep(
            lambda: AlpacaBroker(params, QUICK), BrokerEvents(ACCOUNT, "alpaca"), LOOK_EVERY_S,
            TICK_MS, self._bell, self._past_the_log, times=TIMES,
        )  # fmt: skip
        self._data = AlpacaMarketData(params, times=QUICK)
        self._market = self._data.market()
        self._market.follow(frozenset(TICKERS))
        self._waiting: list[Event] = []

    def go_on(self, until: int) -> None:
        """Let everything happen that is to happen up to a moment, microseconds."""
        while (left := until - self.clock.now()) > 0:
            self.turn()
            self._heard = self._bell.wait(self._heard, min(left, TICK_MS * 1_000) / SECOND_US)

    def turn(self, *facts: Struct) -> None:
        """Take what the broker and the market said, then some facts; send what follows."""
        now = self._last = max(self.clock.now(), self._last + 1)
        told = [*self._waiting, *_events(self._step.on_notify()[0])]
        bars = [told for told in self._market.take(0) if isinstance(told, MarketBar)]
        block = [Event(now, ACCOUNT, event.body) for event in told]
        block += [Event(now, bar.ticker, _bar(bar)) for bar in bars]
        block += [Event(now, getattr(fact, "ticker", ""), fact) for fact in facts]
        self.said += [event.body for event in told if isinstance(event.body, BrokerEvent)]
        out = self.desk.step(Block(block, now)).events
        self.unusable += [event.body for event in out if isinstance(event.body, DeadLetter)]
        asked = [event for event in out if isinstance(event.body, OrderRequest)]
        self.requests += [event.body for event in asked if isinstance(event.body, OrderRequest)]
        asked += [Event(now, "", fact) for fact in facts if isinstance(fact, Command)]
        self._waiting = _events(self._step.on_batch([Envelope(Block(asked, now))])[0])

    def command(self, kind: CommandKind, ticker: str = "") -> Command:
        """Give a command: what sends orders hears it at once, the desk in its order."""
        now = self.clock.now()
        made = Command(
            id=make_id("cmd", kind, ticker, now), event_time=to_datetime(now), kind=kind,
            ticker=ticker, who="tester", why="because",
        )  # fmt: skip
        self._commands.append(made)
        return made

    def signal(self, ticker: str, direction: Any) -> TradeSignal:
        """Have an opinion."""
        now = self.clock.now()
        return TradeSignal(
            id=make_id("sig", ticker, now), event_time=to_datetime(now), ticker=ticker,
            direction=direction, strength=0.8,
            strategy_sources=(StrategyVote("momentum", direction, 0.8, 0.5),),
        )  # fmt: skip

    def machine(self) -> MachineState:
        """Return what is known of orders."""
        return decode_state(self._step.snapshot(), MachineState)

    def settled(self, since: int) -> bool:
        """Tell whether nothing is open, and all was accounted for after a moment."""
        machine = self.machine()
        return (
            machine.ready and machine.reconciled_at > since and not self._waiting
            and all(life.ended_at for life in machine.lives)
            and not self.desk.snapshot().orders
        )  # fmt: skip

    def close(self) -> None:
        """Let go of the broker and the market."""
        self._step.on_eof()
        self._market.close()
        self._data.close()

    def _past_the_log(self) -> list[Command]:
        commands, self._commands = self._commands, []
        return commands


def _events(envelopes: list[Envelope]) -> list[Event]:
    return [event for envelope in envelopes for event in envelope.block.events]


def _bar(bar: MarketBar) -> Bar:
    revision = int(bar.revised)
    return Bar(
        id=bar_id(bar.ticker, bar.start, bar.interval, revision),
        event_time=bar.start + INTERVALS[bar.interval], ticker=bar.ticker, start=bar.start,
        interval=bar.interval, open=bar.open, high=bar.high, low=bar.low, close=bar.close,
        volume=int(bar.volume), source="alpaca", revision=revision,
    )  # fmt: skip
