"""`tidewire access link`: a link that lets whoever holds it in, once and within the hour."""

import argparse
import sys

from api.access.links import links_of
from connectors.settings import load_settings
from stack.commands.options import home_of
from stack.errors import StackError
from stack.runtime.presence import run_up, running


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    parser.add_argument("action", choices=("link",))


def run(options: argparse.Namespace) -> int:
    """Print a new link to the API of what is up.

    Raises:
        StackError: nothing is up, its API is off, or a demo's stands behind a proxy.
    """
    home = home_of(options)
    run_ = run_up(home)
    origin = (running(home) or {}).get("api", "")
    if not origin:
        reason = "The API is off: set TIDEWIRE_API__ON=true and start again."
        raise StackError(reason)
    # A live run has people: its link lets an owner register. A played one's signs in by itself.
    what = "register" if run_.live else "link"
    if what == "link" and load_settings().api.trusted_proxies:
        reason = "A demo's links are off behind a proxy (TIDEWIRE_API__TRUSTED_PROXIES)."
        raise StackError(reason)
    sys.stdout.write(f"{origin}/#{what}={links_of(run_).give()}\n")
    return 0
