"""The tables as a whole: exact money, times with a zone, and words that the messages know."""

import re
from pathlib import Path
from typing import get_args

import pytest
from sqlalchemy import CheckConstraint, DateTime, Enum, Float, Numeric, Table

from connectors.storage import access, schema
from connectors.storage.people_migrations.tables_v1 import NAMES
from connectors.storage.queries import Progress
from connectors.storage.sink import table_names
from connectors.storage.tables import metadata
from messages.base import Direction, Side
from messages.trading import OrderStatus

EVERY = [*metadata.tables.values(), *access.metadata.tables.values()]
VERSIONS = sorted((schema.MIGRATIONS / "versions").glob("[0-9]*.py"))
MONEY = re.compile(r"(price|pnl|cash|equity|cost|commission|entry$|^(open|high|low|close)$)")


@pytest.mark.parametrize("table", EVERY, ids=lambda t: t.name)
def test_times_have_a_zone_and_rows_say_when_they_were_written(table: Table) -> None:
    columns = {c.name: c for c in table.columns}
    assert all(c.type.timezone for c in columns.values() if isinstance(c.type, DateTime))
    assert columns["created_at"].server_default is not None
    if "updated_at" in columns:
        assert columns["updated_at"].server_default is not None


def test_money_is_exact_everywhere() -> None:
    for table in metadata.tables.values():
        for column in table.columns:
            if MONEY.search(column.name):
                assert isinstance(column.type, Numeric), (table.name, column.name)
                assert not isinstance(column.type, Float), (table.name, column.name)
                assert (column.type.precision, column.type.scale) == (20, 4)


@pytest.mark.parametrize(
    ("name", "words"), [("direction", Direction), ("side", Side), ("status", OrderStatus)]
)
def test_the_database_checks_the_words_that_messages_use(name: str, words: object) -> None:
    found = [
        column for table in metadata.tables.values() for column in table.columns
        if column.name == name and isinstance(column.type, Enum)
    ]  # fmt: skip
    assert found
    for column in found:
        assert isinstance(column.type, Enum)
        assert tuple(column.type.enums) == get_args(words)
        checks = column.table.constraints
        assert any(isinstance(c, CheckConstraint) for c in checks), column


def test_a_run_fills_facts_and_never_people_s_tables() -> None:
    people = {t.name for t in vars(access).values() if isinstance(t, Table)}
    assert "users" in people
    assert not people & set(table_names())
    assert set(table_names()) <= set(metadata.tables)
    assert people == set(access.metadata.tables) == set(NAMES)
    assert set(access.KEPT) < people
    assert [f for f in Progress.__dataclass_fields__ if f in metadata.tables] == [
        "articles", "signals", "orders"
    ]  # fmt: skip


def test_no_column_of_a_person_holds_a_secret_in_the_clear() -> None:
    for table in EVERY:
        for column in table.columns:
            assert not re.search(r"password|secret|^token$|private", column.name), column


def test_migrations_are_one_chain() -> None:
    found = [_revision(file) for file in VERSIONS]
    assert [revision for revision, _ in found] == [f.name[:4] for f in VERSIONS]
    assert [before for _, before in found] == [None, *[revision for revision, _ in found][:-1]]


def _revision(file: Path) -> tuple[str, str | None]:
    text = file.read_text()
    revision = re.search(r'^revision\b.*= "(\w+)"', text, re.MULTILINE)
    before = re.search(r'^down_revision\b.*= (?:"(\w+)"|None)', text, re.MULTILINE)
    assert revision is not None
    assert before is not None
    return revision[1], before[1]
