"""`tidewire up`: servers and flows in the background, until `tidewire down`."""

import argparse
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from connectors.settings import load_settings
from stack.commands.options import at_least, home_to_fill
from stack.errors import StackError
from stack.runtime.exchange import Exchange, ExchangeOptions
from stack.runtime.live import AT_A_STAND_IN, LIVE, RUN_NAME, serve, start

OF_THE_STAND_IN: Final = ("play", "news", "past_days", "faults", "seed")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    parser.add_argument("--run", help=f"name of the live run (default: {LIVE}; at a stand-in one "
                        "that is new each time)")  # fmt: skip
    parser.add_argument("--foreground", action="store_true", help="stay until SIGTERM or Ctrl-C")
    stand_in = parser.add_argument_group(
        "stand-in", "trade at an exchange on this machine, without keys: docs/broker.md"
    )
    stand_in.add_argument("--stand-in", action="store_true", help="do")
    stand_in.add_argument("--play", type=Path, metavar="FILE",
                          help="bars of a minute, from now on (default: simulated)")  # fmt: skip
    stand_in.add_argument("--news", type=Path, metavar="FILE", help="articles beside them")
    stand_in.add_argument("--past-days", type=at_least(0), default=0,
                          help="days of what is played that are over when it begins")  # fmt: skip
    stand_in.add_argument("--faults", default="", metavar="NAME[:RATE],...",
                          help="faults on purpose: see `tidewire stand-in --help`")  # fmt: skip
    stand_in.add_argument("--seed", type=int, default=1, help="of faults and simulated days")


def run(options: argparse.Namespace) -> int:
    """Start a live run, or go on with it.

    Raises:
        StackError: the name is none, something is up already, or a server does not start.
    """
    name = options.run or (_new_name() if options.stand_in else LIVE)
    if not RUN_NAME.fullmatch(name):
        reason = f"--run {name}: use up to 30 lower-case letters, digits and underscores."
        raise StackError(reason)
    settings, home = load_settings(), home_to_fill(options)
    played = _played(options)
    if played and (home.runs / name / "run.json").exists():
        reason = (
            f"Run {name} is there already, and a stand-in begins an account anew: it would know "
            "nothing of what the run holds and has ordered. Leave --run out, or choose a new name."
        )
        raise StackError(reason)
    if options.foreground:
        return serve(home, settings, name, Exchange(home, played) if played else None)
    further = ("--stand-in", *played.arguments()) if played else ()
    up = start(home, name, further)
    sys.stdout.write(
        f"run {up['run']} is up: Kafka at {up['bootstrap']}, topics {up['prefix']}*, "
        f"schema {up['schema']}\n`tidewire status` shows its flows, `tidewire down` stops it\n"
    )
    if up.get("api"):
        sys.stdout.write(f"API at {up['api']}; `tidewire access link` registers you\n")
    if up.get("note"):
        sys.stdout.write(f"{up['note']}\n")
    return 0


def _new_name() -> str:
    """Return a name of its own: a stand-in forgets its account, so a run there begins anew."""
    return f"{AT_A_STAND_IN}{datetime.now(UTC):%Y%m%d_%H%M%S}"


def _played(options: argparse.Namespace) -> ExchangeOptions | None:
    """Return what a stand-in is to play; None where there is none.

    Raises:
        StackError: something is to be played, and no stand-in is asked for.
    """
    given = {name: getattr(options, name) for name in OF_THE_STAND_IN}
    if options.stand_in:
        return ExchangeOptions(**given)
    if options.play or options.news or options.faults or options.past_days:
        reason = "What is played is a stand-in's: add --stand-in."
        raise StackError(reason)
    return None
