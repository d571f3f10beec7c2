"""What `tidewire account reconcile` says, and how it ends."""

import json
from decimal import Decimal

import pytest

from stack.commands.account import _compared
from stack.reconciling import Line

EQUAL = [Line("cash", Decimal("10.5"), Decimal(0), Decimal("10.5")),
         Line("GLD", Decimal(0), Decimal("2.5"), Decimal("2.5"))]  # fmt: skip
SOLD = Line("AAPL", Decimal(7), Decimal(0), Decimal(4))


def test_a_broker_that_has_what_it_should(capsys: pytest.CaptureFixture[str]) -> None:
    assert _compared(EQUAL, as_json=False) == 0
    said = capsys.readouterr().out.splitlines()
    assert said[-1] == "the broker has what it should"
    assert [line.split() for line in said[1:3]] == [
        ["cash", "10.50", "0.00", "10.50", "0.00"], ["GLD", "0.00", "2.50", "2.50", "0.00"],
    ]  # fmt: skip


def test_a_difference_is_named_and_what_to_do(capsys: pytest.CaptureFixture[str]) -> None:
    assert _compared([*EQUAL, SOLD], as_json=False) == 1
    said = capsys.readouterr().out.splitlines()
    assert said[-1].startswith("AAPL: the broker has other than it should; look again")
    assert "`tidewire account adopt`" in said[-1]
    assert said[3].split()[-1] == "-3.00"


def test_programs_get_every_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert _compared([*EQUAL, SOLD], as_json=True) == 1
    found = json.loads(capsys.readouterr().out)
    assert [(row["what"], row["difference"]) for row in found] == [
        ("cash", "0.0"), ("GLD", "0.0"), ("AAPL", "-3"),
    ]  # fmt: skip
