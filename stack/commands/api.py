"""`tidewire api`: serve the API of the run that is up; `up` and `demo` do it by themselves."""

import argparse
import secrets
import socket
import sys
from pathlib import Path

from api.access.origin import Origin
from api.access.tokens import session_key
from api.build import Serving, key_file, serve
from connectors.runs import load_run
from connectors.settings import Settings, load_settings
from connectors.telemetry import StatusFile, log_as_json, serve_metrics
from stack.child import tied
from stack.commanding import layout_as_api
from stack.commands.options import at_least, home_of
from stack.dashboard import built_files
from stack.errors import StackError
from stack.home import Home
from stack.jobs import starting
from stack.listening import listening
from stack.metrics_port import metrics_port
from stack.runtime.front import origin_of
from stack.runtime.presence import run_up
from stack.runtime.vital_signs import feed_vitals, flow_vitals


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    parser.add_argument("--run", type=Path, help="the run's directory (default: what is up)")
    parser.add_argument("--port", type=at_least(1), help="to listen on (default: the setting)")
    parser.add_argument("--fd", type=int, action="append", default=[],
                        help="a socket that listens, from the starting process")  # fmt: skip


def run(options: argparse.Namespace) -> int:
    """Serve until SIGTERM.

    Raises:
        StackError: nothing is up, there is no such run, or the port is taken.
    """
    parent = tied()
    home, settings = home_of(options), load_settings()
    try:
        run_ = load_run(options.run) if options.run else run_up(home)
    except FileNotFoundError as error:
        reason = f"There is no run at {options.run}: name a directory with run.json with --run."
        raise StackError(reason) from error
    port = options.port or settings.api.port
    try:
        given = [socket.socket(fileno=number) for number in options.fd]
        sockets = given or listening(settings.api.host, port)
    except (OSError, OverflowError) as error:
        why = getattr(error, "strerror", None) or "a port is at most 65535"
        reason = (
            f"The API cannot listen on {settings.api.host}:{port} ({why}): choose "
            "another with TIDEWIRE_API__PORT or TIDEWIRE_API__HOST."
        )
        raise StackError(reason) from error
    key = key_of(home, settings)  # before it says that it lives
    log_as_json("api", run_.run_id, run_.log_level)
    signs: dict[str, object] = {"flow": "api"}
    if run_.metrics:
        signs["metrics_port"] = serve_metrics("api", run_.run_id, metrics_port(run_, "api"))
    status = StatusFile(run_.path("status", "api.json"), **signs).keep_writing()
    origin = Origin(
        origin_of(settings.api, port), port, cookie_name(home, run_.run_id, port),
        links=not settings.api.trusted_proxies,
    )  # fmt: skip
    serve(
        Serving(
            run_,
            layout_as_api(home, run_),
            origin,
            key,
            lambda: flow_vitals(run_.path(), live=run_.live),
            lambda: feed_vitals(run_.path()),
            starting(home.path, run_),
            built_files(),
            settings.api.trusted_proxies,
        ),
        sockets,
        parent,
    )
    status.write()
    sys.stdout.flush()
    return 0


def key_of(home: Home, settings: Settings) -> bytes:
    """Return the key that tokens are signed with.

    Raises:
        StackError: the file holds none.
    """
    own = settings.api.session_key.get_secret_value()
    if own:
        return own.encode()
    try:
        return session_key(key_file(home.path))
    except ValueError as error:
        raise StackError(str(error)) from error


def cookie_name(home: Home, run_id: str, port: int) -> str:
    """Return the cookie's name: of this installation, run and port.

    Browsers keep cookies by host and not by port, and a refresh token is good for one use: two APIs
    of a run with one cookie would sign each other's people out.
    """
    installation = home.value("installation", new_installation())
    return f"tidewire_{installation}_{run_id.replace('-', '_')}_{port}"


def new_installation() -> str:
    """Return a name for an installation that has none yet."""
    return secrets.token_hex(4)
