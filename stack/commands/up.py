"""`tidewire up`: servers and flows in the background, until `tidewire down`."""

import argparse
import sys

from connectors.settings import load_settings
from stack.commands.options import home_of
from stack.errors import StackError
from stack.runtime.live import RUN_NAME, serve, start


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    parser.add_argument("--run", default="live", help="name of the live run (default: live)")
    parser.add_argument("--foreground", action="store_true", help="stay until SIGTERM or Ctrl-C")


def run(options: argparse.Namespace) -> int:
    """Start a live run, or go on with it.

    Raises:
        StackError: the name is none, something is up already, or a server does not start.
    """
    if not RUN_NAME.fullmatch(options.run):
        reason = f"--run {options.run}: use up to 30 lower-case letters, digits and underscores."
        raise StackError(reason)
    settings = load_settings()
    if options.foreground:
        return serve(home_of(options), settings, options.run)
    up = start(home_of(options), options.run)
    sys.stdout.write(
        f"run {up['run']} is up: Kafka at {up['bootstrap']}, topics {up['prefix']}*, "
        f"schema {up['schema']}\n`tidewire status` shows its flows, `tidewire down` stops it\n"
    )
    if up.get("api"):
        sys.stdout.write(f"API at {up['api']}; `tidewire access link` registers you\n")
    if up.get("note"):
        sys.stdout.write(f"{up['note']}\n")
    return 0
