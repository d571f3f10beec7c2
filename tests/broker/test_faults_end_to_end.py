"""The desk at the stand-in under each of the twelve faults: nothing doubled, lost or misbooked.

Two seeds of what `make broker-faults` measures with twenty.
"""

import re
from pathlib import Path

import pytest

from connectors.broker.stand_in.faults import KINDS, Kind
from tests.soak.broker_faults import BEGIN, END, JOBS, PAGE, outcomes, table, written
from tests.soak.fault_books import Outcome

pytestmark = pytest.mark.first
SEEDS = (101, 102)  # others than the table's; one of them ends flat


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> list[Outcome]:
    cases = [(kind, seed) for seed in SEEDS for kind in KINDS]
    return list(outcomes(cases, JOBS, tmp_path_factory.mktemp("journals")))


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_is_doubled_or_lost_and_the_books_are_equal(
    kind: Kind, found: list[Outcome]
) -> None:
    runs = [outcome for outcome in found if outcome.kind == kind]
    assert sorted(outcome.seed for outcome in runs) == list(SEEDS)
    for outcome in runs:
        assert outcome.good, outcome
    assert sum(outcome.orders for outcome in runs) >= 20


def test_so_it_is_with_stops_at_the_broker(tmp_path: Path) -> None:
    kinds: tuple[Kind, ...] = ("dropped", "disconnects", "reordering", "late_cancels")
    cases = [(kind, SEEDS[n % 2]) for n, kind in enumerate(kinds)]
    runs = list(outcomes(cases, JOBS, tmp_path, brackets=True))
    assert len(runs) == len(kinds)
    for outcome in runs:
        assert outcome.good, outcome


def test_the_table_has_every_fault_and_their_sums() -> None:
    runs = [Outcome(kind, 1, 2, 30, 40, 0, 0, (), 17.0) for kind in KINDS]
    runs.append(Outcome(KINDS[0], 2, 3, 30, 41, 1, 2, ("lost",), 19.0))
    rows = table(runs)
    assert rows[2] == f"| {KINDS[0]} | 2 | 5 | 60 | 81 | 1 | 2 | 1 of 2 | 18 |"
    assert rows[-1].startswith("| all | 13 | 27 | 390 | 521 | 1 | 2 | 12 of 13 |")
    assert len(rows) == 2 + len(KINDS) + 1


def test_only_the_table_is_written() -> None:
    page = f"before\n{BEGIN}\nold\n{END}\nafter\n"
    assert written(page, ["new"]) == f"before\n{BEGIN}\n\nnew\n\n{END}\nafter\n"
    with pytest.raises(ValueError, match="has no"):
        written("a page", ["new"])


def test_the_page_has_a_table_in_which_nothing_is_doubled_or_lost() -> None:
    _, _, rest = Path(PAGE).read_text().partition(BEGIN)
    rows = re.findall(
        r"^\| (\w+) \| (\d+) \|(?:[^|]+\|){3} 0 \| 0 \| (\d+) of (\d+) \|", rest, re.MULTILINE
    )
    assert [row[0] for row in rows] == [*KINDS, "all"]
    assert all(row[1] == row[2] == row[3] for row in rows)
