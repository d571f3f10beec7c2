"""`tidewire kafka config`: the settings with which a client of one's own reaches the broker."""

import argparse
import json
import sys
from pathlib import Path
from typing import Final

from connectors.files import write_whole
from connectors.kafka.access import Access, client_settings
from connectors.settings import Settings, load_settings
from stack.commands.options import home_of, writable
from stack.errors import StackError
from stack.home import Home
from stack.runtime.presence import running
from stack.servers.principals import CLIENTS, OUTSIDE, embedded

FORMATS: Final = ("json", "properties", "java")
LOGIN: Final = "org.apache.kafka.common.security.scram.ScramLoginModule"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    parser.add_argument("action", choices=["config"], help="print a client's settings")
    parser.add_argument(
        "--as", dest="principal", choices=CLIENTS, default=OUTSIDE,
        help="whose rights the client has (default: outside)",
    )  # fmt: skip
    parser.add_argument(
        "--format", choices=FORMATS, default="json",
        help="json: librdkafka's names; properties: the same for kcat -F; java: Java's names",
    )  # fmt: skip
    parser.add_argument("--out", type=Path, help="write a file that only you can read")


def run(options: argparse.Namespace) -> int:
    """Print the settings, or write them to a file."""
    text = written(access_to(home_of(options), load_settings(), options.principal), options.format)
    if options.out is None:
        sys.stdout.write(text)
    else:
        write_whole(writable("--out", options.out), text.encode(), 0o600)
    return 0


def access_to(home: Home, settings: Settings, principal: str) -> Access:
    """Return a principal's way to the broker that is up; the settings' to one of one's own.

    Raises:
        StackError: nothing is up, or it is at a broker of somebody else's.
        AccessInvalid: librdkafka does not take the settings.
    """
    if settings.bootstrap:
        return Access(settings.bootstrap, client_settings(settings.kafka))
    up = running(home)
    if up is None:
        reason = f"Nothing is up in {home.path}: start it with `tidewire up`."
        raise StackError(reason)
    own = embedded(home, up["bootstrap"])
    if own is None:
        reason = (
            f"Run {up['run']} is at {up['bootstrap']}, which is not this home's own broker: its "
            "principals are its administrator's to give; see docs/kafka.md."
        )
        raise StackError(reason)
    return own.access(principal, up["bootstrap"])


def written(access: Access, form: str) -> str:
    """Return a client's settings as text."""
    settings = access.settings()
    if form == "json":
        return json.dumps(settings, indent=1) + "\n"
    if form == "properties":
        return "".join(f"{name}={value}\n" for name, value in settings.items())
    return "".join(f"{name}={value}\n" for name, value in _java(settings).items())


def _java(settings: dict[str, str]) -> dict[str, str]:
    """Return the settings by the names of Java's clients, which sign in by a line of JAAS."""
    name, password = settings.pop("sasl.username", ""), settings.pop("sasl.password", "")
    found = {n: v.upper() if n == "security.protocol" else v for n, v in settings.items()}
    if name:
        module = LOGIN
        if found.get("sasl.mechanism") == "PLAIN":
            module = "org.apache.kafka.common.security.plain.PlainLoginModule"
        said = (text.replace("\\", "\\\\").replace('"', '\\"') for text in (name, password))
        user, secret = said
        found["sasl.jaas.config"] = f'{module} required username="{user}" password="{secret}";'
    return found
