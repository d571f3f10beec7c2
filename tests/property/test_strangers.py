"""Whatever the codec lets in from a stranger, no operator breaks on: a flow would never end it."""

from functools import partial
from itertools import product
from typing import Any

import msgspec
import pytest

from connectors.market.calendar import new_york_sessions
from flows.closed_loop import ClosedLoop
from messages.codec import Unreadable, decoder, encode
from messages.control import Command, CommandRequest, RunStarted
from messages.learning import WeightChange
from messages.market import Bar
from messages.news import RawArticle, ScoredArticle
from messages.trading import AccountReset, ExecutionCorrected, TradeExecution, TradeSignal
from messages.units import DAY_US
from operators.blocks import Block, Event, Operator
from operators.commands import AcceptCommands
from operators.params import Params
from operators.trading.desk import Desk
from tests.archives import traded_inputs
from tests.extremes import EXTREMES, every_message
from tests.learning import Learn
from tests.models import scoring
from tests.streams import DAY, END, at

READERS: dict[str, tuple[Any, tuple[type[Any], ...]]] = {
    "control": (AcceptCommands, (Command, CommandRequest)),
    "control with outsiders": (partial(AcceptCommands, outside=True), (Command, CommandRequest)),
    "score": (scoring, (RawArticle,)),
    "trade": (lambda: Desk(Params(), DAY), (Command, Bar, TradeSignal)),
    "learn": (
        lambda: Learn(Params(), DAY),
        (
            RunStarted,
            Command,
            TradeExecution,
            ExecutionCorrected,
            AccountReset,
            Bar,
            TradeSignal,
        ),
    ),
}


def strange(kind: Any) -> list[Any]:
    """Return every message of a kind with one field at an edge that the codec lets in."""
    values, found, read = every_message()[kind], [], decoder(kind)
    for n, (field, extreme) in enumerate(product(values, EXTREMES)):
        id_ = {} if field == "id" else {"id": f"x{n}"}
        try:
            found.append(read(msgspec.json.encode({**values, **id_, field: extreme})))
        except Unreadable:
            continue
    return found


def mixed(kinds: tuple[type[Any], ...]) -> list[Event]:
    """Return strange messages, a second apart, each followed by good ones of the same ticker."""
    bodies = [body for kind in kinds for body in strange(kind)]
    return [Event(at(1) + n * 500_000, getattr(b, "ticker", ""), b) for n, b in enumerate(bodies)]


@pytest.mark.parametrize("flow", READERS)
def test_no_operator_breaks(flow: str) -> None:
    make, kinds = READERS[flow]
    operator: Operator = make()
    events = mixed(kinds)
    assert len(events) > 20
    for event in events:
        out = operator.step(Block([event], event.stamp + 1))
        for made in out.events:
            encode(made.body)  # type: ignore[arg-type]  # what an operator makes is a message
    operator.step(Block([], max(END, events[-1].stamp + 1), ended=True))


def test_the_whole_loop_goes_on() -> None:
    loop = ClosedLoop(Params(), new_york_sessions())
    events = mixed((WeightChange, ScoredArticle, Bar))
    loop.step(Block(events, events[-1].stamp + 1))
    later = [e._replace(stamp=e.stamp + DAY_US) for e in traded_inputs()]
    heard = [e for e in later if not isinstance(e.body, RawArticle)]
    loop.step(Block(heard, heard[-1].stamp + 1, ended=True))
    assert loop.account.equity > 0
