"""What a backtest keeps of its rows: counts, round trips and the equity curve."""

from typing import Any

import numpy as np
import pytest

from flows.backtest.tally import Tally
from operators.columns.records import (
    BY_SIGNAL,
    BY_STOP,
    CODES,
    DECISION,
    END,
    FILL,
    NONE,
    RECORD,
    SNAPSHOT,
    Rows,
)

NAMES = ("momentum", "mean_reversion", "news_driven")
WEIGHTS = {"momentum": 0.5, "mean_reversion": 0.25, "news_driven": 0.25}
COOLDOWN = CODES.index("COOLDOWN")


def rows(*made: dict[str, Any]) -> Rows:
    found = np.zeros(len(made), RECORD)
    for row, values in zip(found, made, strict=True):
        for name, value in ({"pnl": NONE} | values).items():
            row[name] = value
    return found


def decision(row: int, **values: Any) -> dict[str, Any]:
    return {"kind": DECISION, "row": row, "cause": BY_SIGNAL, "code": 0} | values


def fill(order: int, trade: int, qty: int, price: int, **values: Any) -> dict[str, Any]:
    values = {"stamp": order, "fee": 1, **values}
    return {"kind": FILL, "order": order, "trade": trade, "qty": qty, "price": price} | values


def tally(*made: dict[str, Any], votes: list[list[float]] | None = None) -> Tally:
    found = Tally(WEIGHTS, NAMES)
    found.take(rows(*made), np.array(votes or [[0.0] * 3] * 10))
    return found


def test_decisions_are_counted_by_code_and_stops_apart() -> None:
    found = tally(
        decision(0), decision(1, code=COOLDOWN), decision(2, code=COOLDOWN),
        decision(3, cause=BY_STOP),
    )  # fmt: skip
    assert (found.asked, found.stops, found.fills) == (3, 1, 0)
    assert found.codes == {"COOLDOWN": 2}


def test_a_signal_on_the_bar_that_stopped_the_position_is_no_denial() -> None:
    found = tally(decision(4, cause=BY_STOP), decision(4, code=COOLDOWN))
    assert found.codes == {}


def test_the_curve_is_the_snapshots_in_order() -> None:
    found = tally({"kind": SNAPSHOT, "stamp": 5, "cash": 70, "value": 30})
    found.take(rows({"kind": SNAPSHOT, "stamp": 9, "cash": 60, "value": 50}), np.zeros((0, 3)))
    assert found.curve().tolist() == [[5, 70, 30], [9, 60, 50]]


def test_a_round_trip_of_parts_has_average_prices_and_all_fees() -> None:
    found = tally(
        decision(0, order=1), fill(1, 0, 100, 10_0000), fill(1, 0, 100, 12_0000),
        decision(1, order=2, cause=BY_STOP), fill(2, 0, -50, 13_0000, pnl=99),
        fill(2, 0, -150, 14_0000, pnl=500),
        votes=[[0.5, 0.0, -0.9], [0.0] * 3],
    )  # fmt: skip
    [trade] = found.trades()
    assert (trade.qty, trade.entry, trade.exit) == (200, 11_0000, 14_0000)
    assert (trade.pnl, trade.fees, trade.by) == (599, 4, "stop")
    # Its parts, 0.5 x 0.5 and -0.9 x 0.25, nearly cancel: their sizes decide.
    assert trade.credit == pytest.approx({"momentum": 0.25 / 0.475, "news_driven": 0.225 / 0.475})
    assert found.fills == 4


@pytest.mark.parametrize("closing", [None, -60])
def test_what_is_not_closed_is_no_trade(closing: int | None) -> None:
    made = [fill(1, 0, 100, 10_0000)]
    if closing is not None:
        made.append(fill(2, 0, closing, 11_0000, pnl=5))
    assert list(tally(*made).trades()) == []


def test_entries_that_cash_cut_are_counted_and_expiries_are_not() -> None:
    cut, expired = {"kind": END, "row": 3}, {"kind": END, "row": -1}
    assert tally(cut, expired, cut).cut == 2


def test_nothing_is_nothing() -> None:
    found = tally()
    assert (list(found.trades()), found.curve().shape, len(found.executions())) == ([], (0, 3), 0)
