"""The whole recorded month on plain PostgreSQL and on TimescaleDB: the same rows, both ways.

Needs TIDEWIRE_TEST_TIMESCALE_BIN, the bin directory of a PostgreSQL with the extension.
"""

import os
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import psycopg
import pytest

from connectors.storage.backup import back_up, restore
from connectors.storage.schema import server_version
from stack.runtime.demo import Demo
from stack.servers.services import Services
from tests.conftest import services_of
from tests.harness import options, play, tables
from tests.storing import BUCKETS, buckets, expected

pytestmark = [pytest.mark.soak, pytest.mark.recorded, pytest.mark.timeout(3_000)]
Played = tuple[Services, Demo, dict[str, Any]]


@pytest.fixture(scope="module")
def both(recorded: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Played, ...]]:
    """Play the month on each database; both servers stay."""
    timescale = os.environ.get("TIDEWIRE_TEST_TIMESCALE_BIN")
    if timescale is None:
        pytest.skip("TIDEWIRE_TEST_TIMESCALE_BIN is not set: no second database to compare with")
    bars = recorded / "bars/minute_yahoo_2026-03.parquet"
    news = recorded / "news/yahoo_headlines_2026-02_2026-04.jsonl.gz"
    with ExitStack() as stack, pytest.MonkeyPatch.context() as patch:
        played = []
        for name, bin_directory in (("plain", None), ("timescale", timescale)):
            if bin_directory:
                patch.setenv("TIDEWIRE_POSTGRES_BIN", bin_directory)
            else:
                patch.delenv("TIDEWIRE_POSTGRES_BIN", raising=False)
            services = stack.enter_context(services_of(tmp_path_factory.mktemp(name)))
            assert ("TimescaleDB" in server_version(services.database_url)) == bool(bin_directory)
            played.append((services, *play(services, options(bars, news), timeout=900)))
        yield tuple(played)


def test_the_month_ends_the_same_on_both(both: tuple[Played, ...]) -> None:
    (plain, one, summary), (timescale, other, again) = both
    assert summary["accounted"], summary.get("first_unaccounted")
    assert (summary["digest"], summary["equity"]) == (again["digest"], again["equity"])
    rows, others = tables(one), tables(other)
    rows.pop("runs"), others.pop("runs")
    assert {name: len(found) for name, found in rows.items()}["market_data"] == 101_356
    assert rows == others
    for level in BUCKETS:
        found = buckets(plain, one.run.schema, level)
        assert found == buckets(timescale, other.run.schema, level)
        assert found == expected(plain, one.run.schema, level)


def test_a_backup_of_either_comes_back_on_the_other(
    both: tuple[Played, ...], tmp_path: Path
) -> None:
    for (source, demo, _), (target, *_) in (both, both[::-1]):
        before, file = tables(demo), tmp_path / f"{demo.run.schema}.backup"
        taken = back_up(source.database_url, demo.run.schema, file)
        for place, name in ((target, demo.run.schema), (source, demo.run.schema)):
            if place is source:
                with psycopg.connect(place.database_url) as connection:
                    connection.execute(f"DROP SCHEMA {name} CASCADE".encode())
            held = restore(place.database_url, name, file)
            assert held.tables == taken.tables
        assert tables(demo) == before
