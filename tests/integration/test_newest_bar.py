"""When the newest live bar ended, as a real database has it, and what `tidewire status` says."""

import uuid
from datetime import UTC, datetime, timedelta

import pytest

from connectors.storage.connection import reading
from connectors.storage.newest_bar import newest_bar
from connectors.storage.schema import upgrade
from messages.market import Bar, bar_id
from operators.blocks import Event
from stack.servers.services import Services
from tests.storing import store

pytestmark = [pytest.mark.postgres, pytest.mark.timeout(600)]
MINUTE = timedelta(minutes=1)


@pytest.fixture
def schema(services: Services) -> str:
    name = f"test_{uuid.uuid4().hex[:8]}"
    upgrade(services.database_url, name)
    return name


def stored(services: Services, schema: str, end: datetime, **more: bool | int) -> None:
    start = end - MINUTE
    body = Bar(
        id=bar_id("AAA", start, "1m"), event_time=end, ticker="AAA", start=start, interval="1m",
        open=1.0, high=1.0, low=1.0, close=1.0, volume=1, source="test", **more,  # type: ignore[arg-type]  # two fields
    )  # fmt: skip
    store(services, schema, [Event(int(end.timestamp() * 1e6), "AAA", body)])


def test_only_a_live_first_version_counts(services: Services, schema: str) -> None:
    now = datetime.now(UTC).replace(second=0, microsecond=0)

    def newest() -> datetime | None:
        with reading(services.database_url, schema) as connection:
            return newest_bar(connection, "1m", now)

    assert newest() is None
    stored(services, schema, now, backfilled=True)
    stored(services, schema, now - MINUTE, revision=1)
    assert newest() is None
    stored(services, schema, now - timedelta(hours=2))
    assert newest() == now - timedelta(hours=2)
    stored(services, schema, now - 3 * MINUTE)
    assert newest() == now - 3 * MINUTE
