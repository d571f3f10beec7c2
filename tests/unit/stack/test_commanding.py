"""What comes of a command: which messages are its own, when it is done, and how it is told."""

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from messages.base import Message
from messages.broker import BrokerEvent
from messages.control import Command, CommandKind, DeadLetter
from messages.topics import CONTROL_COMMANDS
from messages.trading import Decision, OrderRequest, TradeExecution, TradingStateChanged
from operators.refusals import refusal
from stack.cli import main
from stack.commanding import Outcome, command
from stack.commands.controls import unfinished, words_of
from stack.errors import StackError
from tests.archives import run_of

NOW = datetime(2025, 3, 12, 14, 0, tzinfo=UTC)


def asked(kind: CommandKind) -> Command:
    return Command(id="cmd-1", event_time=NOW, kind=kind, who="me", ticker="AAA")


def state(new: Any, cause: Any = "command", command: str = "cmd-1") -> TradingStateChanged:
    return TradingStateChanged(
        id="tst-1", event_time=NOW, account="paper", old="ACTIVE", new=new, cause=cause,
        command_id=command, who="me",
    )  # fmt: skip


def decided(code: str = "ACCEPTED", signal: str = "cmd-1") -> Decision:
    return Decision(
        id="dec-1", event_time=NOW, account="paper", ticker="AAA", side="SELL",
        accepted=code == "ACCEPTED", cause="command", signal_id=signal, code=code, limit="open",
        actual="closed",
    )  # fmt: skip


def executed(status: Any, qty: int = 5, signal: str = "cmd-1") -> TradeExecution:
    return TradeExecution(
        id="exe-1", event_time=NOW, account="paper", trade_id="t", order_id="o", execution_id="x",
        signal_id=signal, ticker="AAA", side="SELL", qty=qty, price=10.5 if qty else None,
        status=status, pnl=Decimal("-1.25") if qty else None, timestamp=NOW,
    )  # fmt: skip


ORDERED = OrderRequest(
    id="ord-1", event_time=NOW, account="paper", client_order_id="ord-1", decision_id="dec-1",
    signal_id="cmd-1", ticker="AAA", side="SELL", qty=1_500, valid_until=NOW,
)  # fmt: skip
REFUSED: DeadLetter = refusal(asked("pause"), CONTROL_COMMANDS.name, 0, "NO_SUCH_STRATEGY", "none")


@pytest.mark.parametrize(
    ("kind", "came", "done", "failed"),
    [
        ("halt", [], False, False),
        ("halt", [state("HALTED", command="another")], False, False),
        ("halt", [state("HALTED")], True, False),
        ("flatten", [state("REDUCING"), decided(), ORDERED, executed("FILLED")], False, False),
        ("flatten", [state("REDUCING"), state("HALTED", "flattened")], True, False),
        ("flatten", [state("REDUCING"), decided("MARKET_CLOSED")], False, True),
        ("close_position", [decided(), ORDERED], False, False),
        ("close_position", [decided(), ORDERED, executed("PARTIALLY_FILLED")], False, False),
        ("close_position", [decided(), ORDERED, executed("FILLED")], True, False),
        ("close_position", [decided(), executed("EXPIRED", 0)], False, True),
        ("close_position", [decided("NO_POSITION")], False, True),
        ("close_position", [decided(signal="sig-1"), executed("FILLED", 5, "sig-1")], False, False),
        ("pause", [REFUSED], False, True),
    ],
)
def test_when_a_command_is_done(
    kind: CommandKind, came: list[Message], done: bool, failed: bool
) -> None:
    outcome = Outcome(asked(kind))
    for body in came:
        outcome.take(body)
    assert (outcome.done, outcome.failed) == (done, failed)
    if not done and not failed:
        assert not outcome.settled


def test_only_its_own_messages_are_heard() -> None:
    outcome = Outcome(asked("close_position"))
    others = [state("HALTED", command="cmd-2"), decided(signal="cmd-2"), executed("FILLED", 5, "s")]
    assert [outcome.take(body) for body in others] == [False] * 3
    assert outcome.heard == 0
    assert outcome.take(ORDERED)
    assert outcome.heard == 1


def test_an_adoption_that_waits_for_orders_is_heard_of() -> None:
    outcome, text = Outcome(asked("reset_account")), "to be adopted, once no order is open"
    waits = BrokerEvent(
        id="bro-1", event_time=NOW, causes=(outcome.asked.id,), account="main", broker="alpaca",
        kind="drift", reason=text,
    )  # fmt: skip
    assert outcome.take(waits)
    assert (outcome.done, outcome.failed, words_of(waits)) == (False, False, text)
    assert "not adopted yet" in unfinished(outcome, 30)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (state("HALTED"), "HALTED (was ACTIVE) since 2025-03-12 14:00:00 UTC"),
        (
            state("HALTED", "flattened"),
            "HALTED (was ACTIVE) since 2025-03-12 14:00:00 UTC; nothing is held any more",
        ),
        (decided(), "AAA: accepted, SELL"),
        (decided("MARKET_CLOSED"), "AAA: DENIED MARKET_CLOSED: wants open, is closed"),
        (ORDERED, "AAA: order ord-1, SELL 1,500"),
        (executed("FILLED"), "AAA: FILLED 5 at 10.5, profit -1.25"),
        (executed("CANCELLED", 0), "AAA: CANCELLED 0"),
        (REFUSED, "REFUSED NO_SUCH_STRATEGY: none"),
    ],
)
def test_what_came_of_it_in_words(body: Message, words: str) -> None:
    assert words_of(body) == words


@pytest.mark.parametrize(
    ("why", "ticker"), [("x" * 2_001, ""), ("\udcff", ""), ("a\x00b", ""), ("", "X" * 13)]
)
def test_what_would_be_refused_is_said_before_it_is_written(
    tmp_path: Path, why: str, ticker: str
) -> None:
    with pytest.raises(StackError, match="say it otherwise"):
        command(run_of(tmp_path), "close_position", "me", why, ticker or "AAA")


@pytest.mark.parametrize("words", [["\udcff"], ["A" * 13], [""], ["A B"]])
def test_a_ticker_that_is_none(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    for command_line in (["close", *words], ["trades", "--ticker", *words]):
        with pytest.raises(SystemExit, match="2"):
            main(command_line)
        assert "use up to 12" in capsys.readouterr().err
