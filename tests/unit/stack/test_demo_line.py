"""The line that shows how far a demo is."""

from decimal import Decimal

from connectors.storage.queries import Progress
from stack.runtime.demo import in_a_line

FAR = Progress(101_356, 4_324, 7_500, 1_034, Decimal("1076682.2185"), "2026-03-31 11:01")


def test_it_fits_a_terminal_with_the_equity_first() -> None:
    line = in_a_line(FAR, 79)
    assert line.startswith("2026-03-31 11:01  equity 1,076,682.22  bars 101,356")
    assert len(line) <= 79


def test_where_there_is_room_everything_is_said() -> None:
    whole = in_a_line(FAR)
    assert whole.endswith("orders 1,034  signals  7,500")
    begun = in_a_line(Progress(0, 0, 0, 0, None, ""))
    assert begun.startswith("        starting  equity            -")


def test_nothing_is_cut_in_the_middle() -> None:
    whole = in_a_line(FAR)
    for width in range(60):
        line = in_a_line(FAR, width)
        assert len(line) <= width
        assert whole.startswith(line)
        assert line == "" or whole[len(line) :].startswith("  ")
