"""What pause, resume, reduce, halt, flatten and close share: say it, and see it done.

PAUSED denies entries; REDUCING cancels open entries, too; HALTED denies exits by signal, too.
Stops, targets and closes act in every state. Flatten closes every position, then halts.
"""

import argparse
import getpass
import sys
from typing import Any, Final

import msgspec

from messages.base import Message
from messages.broker import BrokerEvent
from messages.control import CommandKind, DeadLetter
from messages.trading import Decision, OrderRequest, TradeExecution, TradingStateChanged
from stack.commanding import Outcome, command, followed, layout_as_api
from stack.commands.options import home_of
from stack.errors import StackError
from stack.runtime.health import rows_of
from stack.runtime.presence import run_up

WAIT_S: Final = 30.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of every control."""
    parser.add_argument("--why", default="", help="kept with the command")
    parser.add_argument("--wait", type=_seconds, default=WAIT_S, metavar="SECONDS",
                        help="for what comes of it (default: 30)")  # fmt: skip
    parser.add_argument("--json", action="store_true", help="one JSON object a line")


def obey(options: argparse.Namespace, kind: CommandKind, ticker: str = "") -> int:
    """Write a command, and say what comes of it; returns 1 where it did not come to its end.

    Raises:
        StackError: nothing is up, or the run has ended.
        BrokerUnavailable: the broker does not take it.
    """
    home = home_of(options)
    run_ = run_up(home)
    flows = rows_of(run_.path(), live=run_.live)
    if flows and all(flow.state == "ended" for flow in flows):
        reason = f"Run {run_.run_id} has ended: nothing of it can be commanded any more."
        raise StackError(reason)
    asked = command(run_, kind, user(), options.why, ticker)
    outcome = Outcome(asked)
    _say(options, {"command": asked.id}, f"{kind.replace('_', ' ')} {ticker}".strip()
         + f", by {asked.who}: {asked.id}")  # fmt: skip
    for body in followed(layout_as_api(home, run_), outcome, options.wait):
        _say(options, {type(body).__name__: msgspec.to_builtins(body)}, words_of(body))
    if outcome.done and not outcome.failed:
        return 0
    _say(options, {"done": False}, unfinished(outcome, options.wait))
    return 1


def words_of(body: Message) -> str:
    """Return what came of a command in one line."""
    if isinstance(body, TradingStateChanged):
        after = "; nothing is held any more" if body.cause == "flattened" else ""
        return f"{body.new} (was {body.old}) since {body.event_time:%F %T} UTC{after}"
    if isinstance(body, Decision):
        if body.accepted:
            return f"{body.ticker}: accepted, {body.side}"
        return f"{body.ticker}: DENIED {body.code}: wants {body.limit}, is {body.actual}"
    if isinstance(body, OrderRequest):
        return f"{body.ticker}: order {body.id}, {body.side} {body.qty:,}"
    if isinstance(body, TradeExecution):
        at = "" if body.price is None else f" at {body.price:g}"
        profit = "" if body.pnl is None else f", profit {body.pnl:+,.2f}"
        return f"{body.ticker}: {body.status} {body.qty:,}{at}{profit}"
    if isinstance(body, BrokerEvent):
        if body.kind != "adopted":
            return body.reason
        rest = f"; unmanaged: {', '.join(body.unmanaged)}" if body.unmanaged else ""
        return f"the account begins anew with {body.cash:,.2f} dollars{rest}"
    if isinstance(body, DeadLetter):
        return f"REFUSED {body.reason}: {body.detail}"
    return type(body).__name__


def user() -> str:
    """Return who is at the keyboard."""
    try:
        return f"{getpass.getuser()} (command line)"
    except (OSError, KeyError):  # no such user in this system's list
        return "somebody (command line)"


def unfinished(outcome: Outcome, waited: float) -> str:
    """Return why a command did not come to its end, in words."""
    if outcome.failed:
        return "not done; see above"
    if not outcome.heard:
        return (
            f"nothing came of it within {waited:g} s; it is written and takes effect once flows "
            "control and trade run: `tidewire status` shows them"
        )
    if outcome.asked.kind == "reset_account":
        return "not adopted yet: it is once no order is open; `tidewire orders` shows what is left"
    if outcome.asked.kind == "flatten":
        return (
            "not all is closed yet: orders fill with their ticker's next bar, and the account "
            "halts after the last; `tidewire positions` shows what is left"
        )
    return "not filled yet: it fills with the ticker's next bar; `tidewire orders` shows it"


def _say(options: argparse.Namespace, plain: dict[str, Any], words: str) -> None:
    text = msgspec.json.encode(plain).decode() if options.json else words
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def _seconds(text: str) -> float:
    try:
        found = float(text)
    except ValueError:
        found = -1.0
    if not 0 < found < 86_400:
        reason = f"{text}: use seconds, more than 0"
        raise argparse.ArgumentTypeError(reason)
    return found
