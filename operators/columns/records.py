"""The arrays of the compiled loop, by named fields; every field is a 64-bit integer."""

from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from operators.checks import NAMES, UNKNOWN, Limits
from operators.costs import Costs
from operators.exits import ExitRules
from operators.params import Params
from operators.trading.last_bar import SESSIONS_IN_MEAN
from operators.trading.sessions import NEVER

Ints = NDArray[np.int64]
Rows = NDArray[Any]  # a structured array of one of the types below
Row = Any  # one of its rows, by reference

NONE: Final = UNKNOWN  # no value


def _fields(names: str) -> np.dtype[np.void]:
    return np.dtype([(name, np.int64) for name in names.split()], align=True)


# What happens: a bar, a signal, or a bar with the signal made on it. `news_age`: see `checks.Ask`.
EVENT: Final = _fields("stamp ticker open high low close volume start kind side news_age")
IS_BAR: Final = 1
IS_SIGNAL: Final = 2

# Per ticker: the position, the last bar, volumes, the last exit, open entries and exits.
TICKER: Final = _fields(
    "qty cost fees opened trade signal high low top bottom price stamp volume today exit days "
    "entries exiting"
)

# The account, its timers, counters, and how many records are in the buffer.
ACCOUNT: Final = _fields(
    "cash realized value gross shares held snapshot_due close_due waiting entering reserved orders "
    "trades written"
)

# Per waiting order. `reserve`: units reserved by each open share; 0 for an exit.
# `price`: the market's when it was decided.
ORDER: Final = _fields("id ticker qty reserve decided trade price")

# What was decided and done, with the account as it was then. Of a fill: `asked`, the market's price
# when its order was decided; `high` and `low` of the life of what it closed.
RECORD: Final = _fields(
    "kind row stamp ticker cause code limit actual qty price fee pnl order trade cash value "
    "realized held asked high low"
)
(DECISION, FILL, END, SNAPSHOT) = range(4)  # END: of an order, without a further fill
(BY_SIGNAL, BY_STOP, BY_TARGET, BY_DELISTING) = range(4)  # as `operators.exits` numbers them
ACCEPTED: Final = 0
# The code of a decision, by number; an entry check's is its place among the checks, from 1.
CODES: Final = ("ACCEPTED", *NAMES, "NO_POSITION")
NO_POSITION: Final = len(CODES) - 1
BEING_SOLD: Final = -1  # `actual` of NO_POSITION: all of it is being sold


class Rules(NamedTuple):
    """The parameters as the compiled loop reads them.

    Attributes:
        limits: of the checks.
        no_session_check: the check for regular sessions is off.
        next_open: orders fill at the next open; otherwise at the close.
        net_of_costs: sizes pay the costs too.
        cut_to_cash: a waiting entry is cut to what cash covers when it is filled.
        snapshot_every: microseconds.
    """

    limits: Limits
    no_session_check: bool
    position_bps: int
    exits: ExitRules
    short: bool
    next_open: bool
    net_of_costs: bool
    cut_to_cash: bool
    costs: Costs
    snapshot_every: int


class Books(NamedTuple):
    """Everything that the compiled loop reads and writes.

    Attributes:
        opens, closes, ends: of the sessions, microseconds.
        tickers: TICKER rows.
        alphabet: rows of tickers in the order of their names; empty where no rule needs it.
        days: (tickers, 20) session volumes.
        account: one ACCOUNT row.
        orders: ORDER rows, the waiting ones first.
        out: RECORD rows, a buffer.
    """

    opens: Ints
    closes: Ints
    ends: Ints
    tickers: Rows
    alphabet: Ints
    days: Ints
    account: Rows
    orders: Rows
    out: Rows


def rules_of(params: Params, minute: int) -> Rules:
    """Return a run's parameters for the compiled loop; `minute` in microseconds."""
    risk, fills = params.risk, params.fills
    return Rules(
        limits=risk.limits,
        no_session_check="MARKET_CLOSED" in risk.off,
        position_bps=risk.position_bps,
        exits=risk.exits,
        short=risk.allow_short,
        next_open=fills.model == "next_open",
        net_of_costs=risk.net_of_costs,
        cut_to_cash="BUYING_POWER" not in risk.off,
        costs=fills.costs,
        snapshot_every=params.account.snapshot_minutes * minute,
    )


def fresh_tickers(count: int) -> tuple[Rows, Ints]:
    """Return rows of tickers of which nothing is known, and their session volumes."""
    rows = np.zeros(count, TICKER)
    rows["stamp"] = rows["exit"] = NONE
    return rows, np.zeros((count, SESSIONS_IN_MEAN), np.int64)


def fresh_account(cash: int) -> Rows:
    """Return the row of an account that holds cash, in units, and nothing else."""
    rows = np.zeros(1, ACCOUNT)
    rows["cash"] = cash
    rows["snapshot_due"] = rows["close_due"] = NEVER
    return rows
