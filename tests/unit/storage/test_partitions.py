"""Partitions by month: names, bounds, and the month of any moment."""

import re
from datetime import UTC, datetime, timedelta, timezone

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.storage.partitions import PARTITIONED, following, month_of, name_of, statement
from connectors.storage.rollups import ABOVE, LEVELS, SOURCE, due_hours
from connectors.storage.tables import metadata
from connectors.storage.timescale import SEGMENT_BY
from tests.streams import bar

moments = st.datetimes(datetime(1970, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001  # hypothesis adds the zone


@pytest.mark.parametrize(
    ("moment", "month"),
    [
        (datetime(2025, 1, 31, 23, 59, 59, 999_999, UTC), (2025, 1)),
        (datetime(2025, 2, 1, tzinfo=UTC), (2025, 2)),
        (datetime(2025, 1, 31, 20, tzinfo=timezone(timedelta(hours=-5))), (2025, 2)),
        (datetime(2026, 1, 1, 1, tzinfo=timezone(timedelta(hours=2))), (2025, 12)),
    ],
)
def test_the_month_is_utc_s(moment: datetime, month: tuple[int, int]) -> None:
    assert month_of(moment) == month


@given(moments)
def test_a_moment_lies_within_its_partition_s_bounds(moment: datetime) -> None:
    found = re.search(r"FROM \('(.+?)'\) TO \('(.+?)'\)", statement("t", month_of(moment)))
    assert found is not None
    first, end = (datetime.fromisoformat(text) for text in found.groups())
    assert first <= moment < end


@given(moments)
def test_names_sort_as_months_do(moment: datetime) -> None:
    month = month_of(moment)
    assert following(month) > month
    assert name_of("t", month) < name_of("t", following(month))


def test_december_is_followed_by_january() -> None:
    assert following((2025, 12)) == (2026, 1)
    assert statement("market_data", (2025, 12)) == (
        "CREATE TABLE IF NOT EXISTS market_data_p202512 PARTITION OF market_data "
        "FOR VALUES FROM ('2025-12-01 00:00+00') TO ('2026-01-01 00:00+00')"
    )
    assert "PARTITION OF elsewhere " in statement("market_data", (2025, 1), "elsewhere")


def test_tables_are_partitioned_by_a_column_of_their_key() -> None:
    """PostgreSQL wants the partition's column in the primary key; TimescaleDB too."""
    assert set(SEGMENT_BY) == set(PARTITIONED)
    for name, column in PARTITIONED.items():
        table = metadata.tables[name]
        assert column in {c.name for c in table.primary_key.columns}
        assert table.dialect_options["postgresql"]["partition_by"] == f"RANGE ({column})"
        assert SEGMENT_BY[name] in table.columns


def test_each_rollup_is_summed_from_the_one_below() -> None:
    below = [level[1] for level in LEVELS.values()]
    assert below == ["market_data", *list(LEVELS)[:-1]]
    for sql in (SOURCE, ABOVE):
        columns = re.findall(r" AS (\w+)", sql)
        assert columns[0] == "bucket"
        assert {"open", "high", "low", "close", "volume", "bars"} - set(columns) == set()


def test_bars_make_their_hours_due_once_and_only_first_versions_of_a_minute() -> None:
    made = bar(300, "CCC", 5)
    daily = made._replace(body=msgspec.structs.replace(made.body, interval="1d"))
    bars = [
        bar(1, "BBB", 5), bar(2, "AAA", 5), bar(3, "AAA", 5), bar(70, "AAA", 5),
        bar(200, "CCC", 5, revision=1), daily,
    ]  # fmt: skip
    tickers, hours = due_hours(bars)
    assert tickers == ["AAA", "AAA", "BBB"]
    assert [h.isoformat() for h in hours] == [
        "2025-03-12T13:00:00+00:00", "2025-03-12T14:00:00+00:00", "2025-03-12T13:00:00+00:00",
    ]  # fmt: skip
