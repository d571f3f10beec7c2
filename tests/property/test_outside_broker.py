"""An outside broker that does as the simulated one: the same decisions, orders and bookings."""

from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from messages.base import make_id
from messages.broker import BrokerEvent
from messages.trading import Decision, OrderRequest, PositionChanged, TradeExecution
from messages.units import to_datetime, to_micros
from operators.blocks import Block, Event
from operators.params import AccountParams, FillParams, Params, RiskParams
from operators.states import decode_state, encode_state
from operators.trading.desk import Desk
from operators.trading.desk_state import DeskState
from tests.property.test_partial_fills import InParts
from tests.streams import DAY, END, OPEN, bodies, desk_input

SAME = (OrderRequest, TradeExecution, PositionChanged)
relaxed = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))


def params_of(fee: int, short: bool) -> Params:
    """Return rules under which every order waits for a bar, and its mark is its price."""
    return Params(
        risk=RiskParams(allow_short=short, cooldown_minutes=0, participation_bps=10_000),
        fills=FillParams(model="next_open", slippage_bps=0, commission_per_share=fee),
        account=AccountParams(start_cash=50_000),
    )


def told(execution: TradeExecution) -> Event:
    """Say as a broker what became of an order."""
    ended = execution.price is None
    body = BrokerEvent(
        id=make_id("bro", execution.id), event_time=execution.event_time,
        account=execution.account, broker="test", kind="order" if ended else "fill",
        order_id=execution.order_id, execution_id="" if ended else f"theirs-{execution.id}",
        ticker=execution.ticker, side=execution.side, qty=execution.qty, price=execution.price,
        commission=execution.commission, status=execution.status,
    )  # fmt: skip
    return Event(to_micros(execution.event_time), execution.account, body)


def said_of(kind: Any, stamp: int = OPEN - 1) -> Event:
    """Say something of the broker itself."""
    body = BrokerEvent(
        id=make_id("bro", kind, stamp), event_time=to_datetime(stamp), account="main",
        broker="test", kind=kind,
    )  # fmt: skip
    return Event(stamp, "main", body)


def by_paper(events: list[Event], params: Params, seed: int) -> list[list[Event]]:
    """Run the paper desk event by event; returns what it said at each, and at the end."""
    desk = Desk(params, DAY, broker=InParts(params.fills, seed))
    said = [desk.step(Block([event], event.stamp)).events for event in events]
    return [*said, desk.step(Block([], END, ended=True)).events]


def by_an_outside_broker(
    events: list[Event], paper: list[list[Event]], params: Params, *, twice: bool, resume: bool
) -> list[Event]:
    """Run a desk at a broker that says, before each event, what the paper desk filled at it."""
    desk, said = Desk(params, DAY, outside=True), list[Event]()

    def step(*block: Event, end: int | None = None) -> None:
        nonlocal desk
        if resume:
            state = decode_state(encode_state(desk.snapshot()), DeskState)
            desk = Desk(params, DAY, state, outside=True)
        frontier = block[-1].stamp if end is None else end
        said.extend(desk.step(Block(list(block), frontier, end is not None)).events)

    step(said_of("reconciled"))
    for n, spoken in enumerate(paper):
        for execution in bodies(spoken, TradeExecution):
            news = told(execution)
            step(*([news, news] if twice else [news]))
        if n < len(events):
            step(events[n])
    step(end=END)
    return said


def without_the_broker(decisions: list[Decision]) -> list[Decision]:
    return [
        replace(d, checks=tuple(c for c in d.checks if c.code != "BROKER")) for d in decisions
    ]  # fmt: skip


@relaxed
@given(
    events=desk_input(), seed=st.integers(0, 99), fee=st.integers(0, 300), short=st.booleans(),
    twice=st.booleans(), resume=st.booleans(),
)  # fmt: skip
def test_what_is_told_is_booked_as_what_is_simulated(
    events: list[Event], seed: int, fee: int, short: bool, twice: bool, resume: bool
) -> None:
    params = params_of(fee, short)
    paper = by_paper(events, params, seed)
    said = by_an_outside_broker(events, paper, params, twice=twice, resume=resume)
    expected = [event for spoken in paper for event in spoken]
    for kind in SAME:
        assert bodies(said, kind) == bodies(expected, kind)
    assert without_the_broker(bodies(said, Decision)) == bodies(expected, Decision)
