"""`tidewire demo`: a market through the whole system, servers included."""

import argparse
import signal
from pathlib import Path
from types import FrameType

from connectors.market.simulated import MOST_DAYS
from connectors.settings import load_settings
from messages.market import INTERVALS
from stack.commands.options import at_least, home_to_fill
from stack.errors import StackError
from stack.hurry import deaf_to
from stack.runtime.demo import DemoOptions, run_demo
from stack.servers.memory_broker import PARTITIONS
from stack.servers.services import Services


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    parser.add_argument("--bars", type=Path,
                        help="Parquet or CSV file of bars (default: simulated day)")  # fmt: skip
    parser.add_argument("--news", type=Path, help="JSON Lines file of articles, .gz or plain")
    parser.add_argument("--no-news", action="store_true", help="leave the news out")
    parser.add_argument("--interval", choices=sorted(INTERVALS), default="",
                        help="of a bar (default: read off the file)")  # fmt: skip
    parser.add_argument("--shards", type=int, help="partitions, 1-64 (default: the setting)")
    parser.add_argument(
        "--pace", type=at_least(0), default=0, help="bars per second (default: no limit)"
    )
    parser.add_argument("--seed", type=at_least(0), default=20_250_312, help="of the simulated day")
    parser.add_argument("--days", type=at_least(1), default=1, help="simulated days (default: 1)")
    parser.add_argument("--check", action="store_true", help="end with one JSON line and exit")
    parser.add_argument("--broker", choices=("kafka", "memory"), default="kafka",
                        help="memory: a mock in this process, for a look without Java")  # fmt: skip


def run(options: argparse.Namespace) -> int:
    """Play the market; returns 1 when something is not accounted for.

    Raises:
        StackError: an option is out of range, or a server does not start.
    """
    settings = load_settings()
    shards = settings.partitions if options.shards is None else options.shards
    if not 1 <= shards <= 64:
        reason = f"--shards {shards}: use 1 to 64."
        raise StackError(reason)
    if options.days > MOST_DAYS or (options.days > 1 and options.bars):
        reason = (
            f"--days {options.days}: simulate 1 to {MOST_DAYS}, and only where no --bars are given."
        )
        raise StackError(reason)
    in_memory = options.broker == "memory"
    if in_memory and (options.check or shards > PARTITIONS):
        reason = (
            f"--broker memory keeps nothing and has {PARTITIONS} partitions: leave out --check and "
            f"use up to {PARTITIONS} shards, or use --broker kafka."
        )
        raise StackError(reason)
    for number in (signal.SIGTERM, signal.SIGHUP):
        if not deaf_to(number):
            signal.signal(number, _interrupt)
    services = Services(home_to_fill(options), settings, in_memory=in_memory)
    asked = DemoOptions(
        options.bars, options.news, options.interval, shards, options.no_news,
        options.check, options.seed, options.pace, options.days,
    )  # fmt: skip
    return run_demo(settings, services, asked)


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt
