"""Statements of pages: filters by name, values never in the text."""

import re

import pytest

from connectors.storage.pages import LARGEST_PAGE, NEWEST, PAGES, STATEMENTS, Pages, page_statement
from connectors.storage.rollups import LEVELS
from connectors.storage.tables import metadata


@pytest.mark.parametrize(
    ("table", "filters", "where"),
    [
        ("trades", {}, '"trades" WHERE (stamp, id)'),
        ("trades", {"ticker": "X"}, '"trades" WHERE "ticker" = %(ticker)s AND (stamp, id)'),
        (
            "trades", {"ticker": "X", "strategy_id": "Y"},
            '"ticker" = %(ticker)s AND "strategy_id" = %(strategy_id)s AND (stamp, id)',
        ),
        ("signals", {"ticker": "'; DROP TABLE x"}, '"ticker" = %(ticker)s AND'),
    ],
)  # fmt: skip
def test_a_page_s_statement(table: str, filters: dict[str, str], where: str) -> None:
    text = page_statement(table, filters).as_string(None)
    assert where in text
    assert text.endswith("ORDER BY stamp DESC, id DESC LIMIT %(limit)s")
    assert "DROP" not in text


@pytest.mark.parametrize(
    ("table", "filters"),
    [("articles", {}), ("trades", {"id": "x"}), ("signals", {"strategy_id": "x"}), ('"', {})],
)
def test_pages_and_filters_that_are_not_there(table: str, filters: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="cannot be read by"):
        page_statement(table, filters)


def test_filters_are_columns_with_an_index_of_their_own() -> None:
    for table, filters in PAGES.items():
        indexes = [[c.name for c in i.columns] for i in metadata.tables[table].indexes]
        assert ["stamp", "id"] in indexes
        for name in filters:
            assert [name, "stamp", "id"] in indexes, (table, name)


def test_named_statements_read_tables_that_are_there() -> None:
    for name, text in STATEMENTS.items():
        tables = set(re.findall(r"(?<!epoch )(?:FROM|JOIN) (?!LATERAL)(\w+)", text))
        own = set(re.findall(r"(?:WITH|,)\s+(\w+) AS \(SELECT", text))
        assert tables <= set(metadata.tables) | {"unnest"} | set(LEVELS) | own, name
        assert re.findall(r"%\((\w+)\)s", text), name


@pytest.mark.parametrize(("asked", "given"), [(-5, 1), (0, 1), (7, 7), (10**9, LARGEST_PAGE)])
def test_a_page_is_no_larger_than_allowed(asked: int, given: int) -> None:
    told: list[dict[str, object]] = []

    class Connection:
        """Takes down what it is asked."""

        def execute(self, _statement: object, values: dict[str, object]) -> "Connection":
            told.append(values)
            return self

        def fetchall(self) -> list[dict[str, object]]:
            return []

    pages = Pages(Connection())  # type: ignore[arg-type]  # only what is asked matters here
    assert pages.page("trades", {"ticker": "X"}, NEWEST, asked) == []
    assert told == [{"ticker": "X", "stamp": NEWEST.stamp, "after": "", "limit": given}]
