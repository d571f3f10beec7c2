"""Rows of a day file: which are facts, and how a changed one is named."""

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.archive.day_files import changed_row, read_rows, table_of
from connectors.archive.records import ArchivedRecord, decode_row, digest_of, encode_row

ROW = ArchivedRecord(5, 1, 9, 3, 4, None, False, b"key", b"value", [("run", b"r"), ("none", None)])
some_bytes = st.none() | st.binary(max_size=20)
rows = st.builds(
    ArchivedRecord, st.integers(-5, 2**62), st.integers(0, 9), st.integers(0, 2**62),
    st.integers(0, 2**62),
    st.none() | st.integers(0, 2**62), some_bytes, st.booleans(), some_bytes, some_bytes,
    st.lists(st.tuples(st.text(max_size=5), some_bytes), max_size=3),
)  # fmt: skip


@given(rows)
def test_a_row_is_read_as_it_was_written(row: ArchivedRecord) -> None:
    assert decode_row(encode_row(row)) == row


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("stamp", 6), ("partition", 0), ("offset", 8), ("append_time_ms", 0), ("seq", None),
        ("tick", b"1"), ("repeat", True), ("key", None), ("value", b"Value"), ("headers", []),
    ],
)  # fmt: skip
def test_the_digest_covers_every_column(field: str, value: Any) -> None:
    assert digest_of(ROW._replace(**{field: value})) != digest_of(ROW)


@pytest.mark.parametrize(
    ("tick", "repeat", "fact"),
    [(None, False, True), (b"1", False, False), (None, True, False), (b"end", True, False)],
)
def test_facts_are_neither_ticks_nor_repeats(tick: bytes | None, repeat: bool, fact: bool) -> None:
    assert ROW._replace(tick=tick, repeat=repeat).is_fact is fact


def test_headers_may_be_left_out(tmp_path: Path) -> None:
    pq.write_table(table_of([ROW, ROW._replace(offset=10)]), tmp_path / "day.parquet")
    assert list(read_rows(tmp_path / "day.parquet")) == [ROW, ROW._replace(offset=10)]
    without = list(read_rows(tmp_path / "day.parquet", headers=False))
    assert without == [ROW._replace(headers=[]), ROW._replace(offset=10, headers=[])]


def test_a_changed_row_is_named_by_its_place(tmp_path: Path) -> None:
    file, table = tmp_path / "day.parquet", table_of([ROW, ROW._replace(offset=10)])
    pq.write_table(table, file)
    assert changed_row(file) is None
    index = table.schema.get_field_index("value")
    values = pa.array([b"value", b"forged"], table.schema.field("value").type)
    pq.write_table(table.set_column(index, table.schema.field("value"), values), file)
    assert changed_row(file) == "partition 1, offset 10"
    file.write_bytes(b"no parquet")
    assert changed_row(file) is None
    assert changed_row(tmp_path / "missing.parquet") is None
