"""Tables of text: columns fit, numbers stand right, nothing is cut off or read as markup."""

import pytest

from stack.commands.table import text_table


def test_columns_are_as_wide_as_their_widest_cell() -> None:
    text = text_table(("flow", ">lag"), [("market", "7"), ("signals-0", "12,345")])
    assert text.split("\n") == [
        "flow          lag",
        "market          7",
        "signals-0  12,345",
    ]


@pytest.mark.parametrize("cell", ["x" * 500, "[bold]AAPL[/bold]", ":smile:", "東京 7203"])
def test_a_cell_is_shown_as_it_is(cell: str) -> None:
    assert cell in text_table(("a", "b"), [(cell, "end")])


def test_wide_characters_take_two_columns() -> None:
    first, second = text_table(("a", "b"), [("東京", "x"), ("abcd", "x")]).split("\n")[1:]
    assert first == "東京  x"
    assert second == "abcd  x"


def test_no_rows_leave_the_head() -> None:
    assert text_table(("a", "b"), []) == "a  b"
