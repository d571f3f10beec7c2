"""Servers and data for the tests: a real Kafka and a real PostgreSQL, started once a session."""

import os
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from connectors.kafka.layout import Layout
from stack.broker import EmbeddedBroker
from stack.home import Home


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    return Home(tmp_path_factory.mktemp("home"))


@pytest.fixture(scope="session")
def broker(home: Home) -> Iterator[EmbeddedBroker]:
    server = EmbeddedBroker(home)
    server.start()
    yield server
    server.stop()


@pytest.fixture
def layout(broker: EmbeddedBroker) -> Layout:
    run = uuid.uuid4().hex[:8]
    return Layout(broker.bootstrap, run, f"test-{run}.", 2)


@pytest.fixture(scope="session")
def recorded() -> Path:
    """Return the directory of recorded data, named by TIDEWIRE_TEST_DATA."""
    where = os.environ.get("TIDEWIRE_TEST_DATA")
    if where is None:
        pytest.skip("TIDEWIRE_TEST_DATA is not set: tests on recorded data are left out")
    path = Path(where)
    assert path.is_dir(), f"TIDEWIRE_TEST_DATA names {path}, which is not a directory"
    return path
