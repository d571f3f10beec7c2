"""The sink's statements: facts stay, states take the newest, links only look at the batch."""

import re

import pytest

from connectors.storage.rows import TARGETS, Target
from connectors.storage.tables import metadata
from connectors.storage.upserts import LINKED, LINKS, copy, copy_staged, stage, upsert

EVERY = sorted(TARGETS.values(), key=lambda t: t.table.name)


@pytest.mark.parametrize("target", EVERY, ids=lambda t: t.table.name)
def test_statements_name_the_columns_of_the_rows(target: Target) -> None:
    columns = ", ".join(f'"{c}"' for c in target.columns)
    name = target.table.name
    assert copy(target) == f"COPY {name} ({columns}) FROM STDIN"
    assert copy_staged(target) == f'COPY stage_{name} ({columns}, "batch_order") FROM STDIN'
    assert f"LIKE {name} INCLUDING DEFAULTS" in stage(target)
    assert f"INSERT INTO {name} ({columns}) SELECT {columns}" in upsert(target)


@pytest.mark.parametrize("target", EVERY, ids=lambda t: t.table.name)
def test_a_fact_stays_and_a_state_takes_the_newest(target: Target) -> None:
    sql = upsert(target)
    if not target.latest:
        assert sql.endswith("DO NOTHING")
        assert "ORDER BY batch_order ON CONFLICT" in sql, "the first of a batch wins"
        return
    assert "batch_order DESC" in sql
    assert sql.endswith(f"WHERE excluded.stamp >= {target.table.name}.stamp")
    changed = set(re.findall(r'"(\w+)" = excluded', sql))
    assert changed == set(target.columns) - set(target.key)


@pytest.mark.parametrize(("tables", "sql"), LINKS, ids=lambda v: "-".join(v)[:30])
def test_links_read_staging_tables_that_are_there(tables: tuple[str, ...], sql: str) -> None:
    staged = set(re.findall(r"stage_(\w+)", sql))
    assert staged
    assert staged <= set(tables) <= set(metadata.tables)
    (updated,) = re.findall(r"^UPDATE (\w+) ", sql)
    assert updated in metadata.tables
    (column,) = re.findall(r"SET (\w+) =", sql)
    assert column in metadata.tables[updated].columns
    assert "updated_at = now()" in sql
    assert re.search(r"<>|IS DISTINCT FROM", sql), "what is right already is not written again"


def test_linked_tables_go_through_staging() -> None:
    assert {name for tables, _ in LINKS for name in tables} == LINKED
    assert {t.table.name for t in EVERY} >= LINKED
