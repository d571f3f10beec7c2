"""Cycles: by the sessions' one boundary, and one cycle ahead."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from operators.learning.cycles import Cycles
from operators.trading.sessions import GRACE_US, SessionTable
from tests.streams import at

DAYS = SessionTable(tuple(at(10 * n) for n in range(6)), tuple(at(10 * n + 5) for n in range(6)))
ENDS = [at(10 * n + 5) + GRACE_US for n in range(6)]


@pytest.mark.parametrize(
    ("length", "stamp", "number", "end", "holds"),
    [
        (1, ENDS[0], 0, ENDS[0], ENDS[1] + 1),
        (1, ENDS[0] + 1, 1, ENDS[1], ENDS[2] + 1),
        (2, ENDS[0] + 1, 0, ENDS[1], ENDS[3] + 1),
        (3, ENDS[2] + 1, 1, ENDS[5], None),
        (1, ENDS[5], 5, ENDS[5], None),
    ],
)
def test_a_cycle_ends_with_its_last_session(
    length: int, stamp: int, number: int, end: int, holds: int | None
) -> None:
    cycles = Cycles(DAYS, length)
    assert cycles.number_of(stamp) == number
    assert (cycles.end_of(number), cycles.effective_from(number)) == (end, holds)


def test_outside_the_table_nothing_ends() -> None:
    cycles = Cycles(DAYS, 1)
    assert cycles.end_of(-1) is cycles.end_of(6) is None


@given(st.integers(at(-5), ENDS[3]), st.integers(0, at(9) - at(0)), st.sampled_from([1, 2]))
def test_what_is_said_ahead_is_kept(frontier: int, later: int, length: int) -> None:
    """What is judged once time stands at a frontier, or later, holds from then on at soonest."""
    cycles = Cycles(DAYS, length)
    silent = cycles.silent_until(frontier)
    assert silent > frontier
    assert cycles.silent_until(frontier + later) >= silent, "time said is never taken back"
    judged = [n for n in range(6) if (end := cycles.end_of(n)) is not None and end + 1 >= frontier]
    holds = [h for n in judged if (h := cycles.effective_from(n)) is not None]
    assert all(moment >= silent for moment in holds)


def test_past_the_last_cycle_the_table_s_end_is_said() -> None:
    assert Cycles(DAYS, 1).silent_until(ENDS[5]) == ENDS[5] + 1
