"""`tidewire stand-in`: a stand-in for Alpaca on loopback, until SIGTERM or Ctrl-C.

What it plays begins now, in a session of its own: the market is open as it was in the recording.
"""

import argparse
import json
import secrets
import signal
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from socket import socket
from typing import Any, Final

from connectors.broker.stand_in.app import CASH, StandIn, Terms
from connectors.broker.stand_in.faults import RATE, WHAT, FaultPlan, Kind, plans_of
from connectors.broker.stand_in.hours import moved
from connectors.broker.stand_in.keys import Keys
from connectors.broker.stand_in.limiter import DEFAULT_PER_MINUTE
from connectors.broker.stand_in.player import Player, paced, scheduled
from connectors.broker.stand_in.recording import Recording
from connectors.broker.stand_in.server import LOOPBACK, bound, server_of
from connectors.market.calendar import new_york_sessions
from connectors.market.simulated import MOST_DAYS, record_days
from messages.units import UNITS_PER_DOLLAR
from stack.child import end_with
from stack.commands.options import add_as_child, at_least, home_to_fill
from stack.errors import StackError
from stack.home import Home

SEED: Final = 1
PORTS: Final = 65_535
MOST_CASH: Final = 10**12  # dollars
BY_HAND: Final = "none"
LOCK: Final = "stand-in.lock"  # of its own: a stack that trades there may have the same home


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = "faults:\n" + "\n".join(f"  {kind:<14} {what}" for kind, what in WHAT.items())
    parser.add_argument(
        "--port", type=at_least(1, PORTS), help="to listen on (default: the same again)"
    )
    parser.add_argument("--play", default="", metavar="FILE",
                        help="bars of a minute, .parquet or .csv; `none`: by hand alone "
                        "(default: simulated days)")  # fmt: skip
    parser.add_argument("--news", type=Path, metavar="FILE", help="articles to play with --play")
    parser.add_argument("--days", type=at_least(1, MOST_DAYS), default=1,
                        help="simulated ones (default: 1)")  # fmt: skip
    parser.add_argument("--past-days", type=at_least(0), default=0,
                        help="days of what is played that are over when it begins")  # fmt: skip
    parser.add_argument("--pace", type=_pace, default=1.0,
                        help="so many times as fast; its clock runs as fast, too")  # fmt: skip
    parser.add_argument("--faults", default="", metavar="NAME[:RATE],...",
                        help=f"faults on purpose, or `all`; see below (rate: {RATE})")  # fmt: skip
    parser.add_argument("--seed", type=int, default=SEED, help="of faults and simulated days")
    parser.add_argument("--cash", type=at_least(1, MOST_CASH), default=CASH // UNITS_PER_DOLLAR,
                        help="dollars")  # fmt: skip
    parser.add_argument("--per-minute", type=at_least(0), default=DEFAULT_PER_MINUTE,
                        help="requests of each API; 0: any number")  # fmt: skip
    parser.add_argument("--json", action="store_true", help="address and keys as one JSON line")
    add_as_child(parser)


def run(options: argparse.Namespace) -> int:
    """Serve until SIGTERM.

    Raises:
        FaultUnknown: a fault is named that there is none of.
        InputUnusable: what is to be played cannot be.
        StackError: the port is taken, another stand-in has this home, or what it keeps there
            cannot be written.
    """
    if options.as_child:
        end_with(options.as_child)
    home, plans = home_to_fill(options), plans_of(options.faults, options.seed)
    with ExitStack() as held:
        with _writable(home):
            held.enter_context(home.locked(LOCK, "stand-in"))
            stand_in, listening, said = _prepared(options, home, plans, held)
        sys.stdout.write(said)
        sys.stdout.flush()
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))  # the server raises it at its end
        server_of(stand_in).run([listening])
    return 0


@contextmanager
def _writable(home: Home) -> Iterator[None]:
    """Say of a file in the way of one of ours which it is, and what to do."""
    try:
        yield
    except OSError as error:
        place = error.filename or home.path
        reason = (
            f"The stand-in cannot use {place} ({error.strerror or error}): move it away, or choose "
            "another directory with --home."
        )
        raise StackError(reason) from error


def _prepared(
    options: argparse.Namespace, home: Home, plans: Mapping[Kind, FaultPlan], held: ExitStack
) -> tuple[StandIn, socket, str]:
    """Return a stand-in, the socket that it is to serve on, and what it says at the start."""
    recording = _recording(options, home.path / "stand-in")
    if recording is not None:
        _tell_left_out(recording)
    clock = paced(lambda: datetime.now(UTC), options.pace)
    port = options.port or home.port("stand-in")
    try:
        listening = held.enter_context(bound(port))
    except OSError as error:
        reason = f"The stand-in cannot listen on {port} ({error.strerror}): choose another --port."
        raise StackError(reason) from error
    schedule = scheduled(recording, clock(), options.past_days) if recording else None
    sessions = new_york_sessions()
    terms = Terms(
        keys=keys_of(home), journal=home.path / "stand-in" / "journal.jsonl", clock=clock,
        tickers=recording.tickers if recording else (), plans=plans,
        cash=options.cash * UNITS_PER_DOLLAR, per_minute=options.per_minute,
        sessions=moved(sessions, schedule.shift) if schedule else sessions,
    )  # fmt: skip
    stand_in = StandIn(terms)
    if schedule is not None:
        stand_in.tasks.append(Player(stand_in.market, schedule, clock).run)
    return stand_in, listening, _words(terms, listening.getsockname()[1], as_json=options.json)


def _tell_left_out(recording: Recording) -> None:
    counts = {"bars": recording.bars_left_out, "news": recording.articles_left_out}
    for name, count in counts.items():
        if count:
            sys.stderr.write(f"tidewire: left out of the {name}: {count} that cannot be played\n")


def keys_of(home: Home) -> Keys:
    """Return the keys of a home's stand-in: made once, and good for nothing else."""
    key = home.value("stand_in_key", f"PK{secrets.token_hex(9).upper()}")
    return Keys(key, home.value("stand_in_secret", secrets.token_urlsafe(30)))


def _recording(options: argparse.Namespace, directory: Path) -> Recording | None:
    if options.play == BY_HAND:
        return None
    if options.play:
        return Recording(Path(options.play), options.news)
    bars, news = record_days(directory, options.seed, options.days)
    return Recording(bars, options.news or news)


def _words(terms: Terms, port: int, *, as_json: bool) -> str:
    place = f"{LOOPBACK}:{port}"
    said: dict[str, Any] = {
        "url": f"http://{place}",
        "trades": f"ws://{place}/stream",
        "bars": f"ws://{place}/v2/iex",
        "news": f"ws://{place}/v1beta1/news",
        "key": terms.keys.key,
        "secret": terms.keys.secret,
        "journal": str(terms.journal),
    }
    if as_json:
        return json.dumps({**said, "tickers": terms.tickers}) + "\n"
    return "".join(f"{name:<8} {value}\n" for name, value in said.items())


def _pace(text: str) -> float:
    try:
        found = float(text)
    except ValueError:
        found = 0.0
    if not 0 < found <= 1_000_000:
        reason = f"{text}: use a number above 0"
        raise argparse.ArgumentTypeError(reason)
    return found
