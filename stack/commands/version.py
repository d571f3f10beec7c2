"""`tidewire version`: versions of the program and of what it stands on."""

import argparse
import sys
from importlib.metadata import version

from confluent_kafka import libversion

from connectors.version import VERSION
from stack.servers.broker import cached_jars, jar_version


def add_arguments(_parser: argparse.ArgumentParser) -> None:
    """Add nothing: there are no options."""


def run(_options: argparse.Namespace) -> int:
    """Print the versions."""
    jars = cached_jars()
    sys.stdout.write(
        f"tidewire {VERSION}, Python {sys.version.split()[0]}, bytewax {version('bytewax')}, "
        f"librdkafka {libversion()[0]}, Apache Kafka "
        f"{jar_version(jars) if jars else 'not fetched'}\n"
    )
    return 0
