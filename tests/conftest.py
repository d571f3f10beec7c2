"""Servers and data for the tests: a real Kafka and a real PostgreSQL, started once a session."""

import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from connectors.kafka.layout import Layout
from connectors.settings import Settings
from connectors.storage.schema import server_version
from stack.home import Home
from stack.runtime.demo import Demo
from stack.servers.services import Services
from tests.harness import options, play

# Speed decides nothing in a test: the first call may compile, and the machine may be busy.
settings.register_profile(
    "any speed", deadline=None, suppress_health_check=[HealthCheck.too_slow], print_blob=True
)
settings.load_profile("any speed")
DATABASES: set[str] = set()  # that were started, by version


@pytest.fixture(scope="session", autouse=True)
def state_of_its_own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep what the program remembers between commands out of the user's own state."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_STATE_HOME", str(tmp_path_factory.mktemp("state")))
        # Tests talk to loopback only: no public feeds, no server that happens to run here.
        for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
            patch.delenv(name, raising=False)
            patch.delenv(name.lower(), raising=False)
        for name in ("NO_PROXY", "no_proxy"):
            patch.setenv(name, "127.0.0.1,localhost,::1")
        patch.setenv("TIDEWIRE_NEWS__FEEDS", "")
        patch.setenv("TIDEWIRE_SCORING__OLLAMA_URL", "")
        yield


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say on which database the tests ran."""
    for version in sorted(DATABASES):
        terminalreporter.write_line(f"database: PostgreSQL {version}")


@contextmanager
def services_of(directory: Path) -> Iterator[Services]:
    """Run both servers of a home of their own and delete the database's data afterwards."""
    services = Services(Home(directory), Settings())
    try:
        with services:
            version = server_version(services.database_url)
            if os.environ.get("TIDEWIRE_TEST_TIMESCALE"):
                assert "TimescaleDB" in version, f"the database is PostgreSQL {version}"
            DATABASES.add(version)
            yield services
    finally:
        services.database.discard()


@pytest.fixture(scope="session")
def services(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Services]:
    """Start both servers once; a missing Java, Maven or PostgreSQL fails, it does not skip."""
    with services_of(tmp_path_factory.mktemp("home")) as running:
        yield running


@pytest.fixture
def layout(services: Services) -> Layout:
    run = uuid.uuid4().hex[:8]
    return Layout(services.access, run, f"test-{run}.", 2)


@pytest.fixture(scope="session")
def recorded() -> Path:
    """Return the directory of recorded data, named by TIDEWIRE_TEST_DATA."""
    where = os.environ.get("TIDEWIRE_TEST_DATA")
    if where is None:
        pytest.skip("TIDEWIRE_TEST_DATA is not set: tests on recorded data are left out")
    path = Path(where)
    assert path.is_dir(), f"TIDEWIRE_TEST_DATA names {path}, which is not a directory"
    return path


@pytest.fixture(scope="session")
def two_days(recorded: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Cut two sessions, 2026-03-19 and 20, out of the recorded month; returns bars and news."""
    from tests.slices import cut_bars, cut_news

    target = tmp_path_factory.mktemp("two_days")
    bars = cut_bars(recorded / "bars/minute_yahoo_2026-03.parquet", target / "bars.parquet")
    news = cut_news(
        recorded / "news/yahoo_headlines_2026-02_2026-04.jsonl.gz", target / "news.jsonl.gz"
    )
    return bars, news


@pytest.fixture(scope="session")
def one_shard(services: Services, two_days: tuple[Path, Path]) -> tuple[Demo, dict[str, Any]]:
    """Play the two recorded days once, at one shard; returns the run and its summary."""
    return play(services, options(*two_days))


@pytest.fixture(scope="session")
def calm_day(services: Services) -> tuple[Demo, dict[str, Any]]:
    """Play the simulated day once; returns the run, to be left as it is, and its summary."""
    return play(services, options())


@pytest.fixture(scope="session")
def played_day(calm_day: tuple[Demo, dict[str, Any]]) -> Demo:
    """Return a run of the simulated day, to be looked at and left as it is."""
    return calm_day[0]


@pytest.fixture(scope="session")
def two_shards(services: Services) -> tuple[Demo, dict[str, Any]]:
    """Play the simulated day once, at two shards; returns the run and its summary."""
    return play(services, options(shards=2))
