"""Names of the columns that the compiled loop reads and writes; all are int64."""

from typing import Final

from operators.trading.checks import ENTRY_CHECKS

NEVER: Final = 2**62  # a timer that is not armed
BEYOND: Final = NEVER - 1  # no session is left in the table
NONE: Final = -(2**62)  # no value
SESSIONS_IN_MEAN: Final = 20

# One row of what happens: a bar, a signal, or a bar with the signal made on it.
(E_STAMP, E_TICKER, E_OPEN, E_CLOSE, E_VOLUME, E_START, E_KIND, E_SIDE, E_AS_OF) = range(9)
E_WIDTH: Final = 9
IS_BAR: Final = 1
IS_SIGNAL: Final = 2
NO_NEWS: Final = -1  # E_AS_OF: news did not vote
UNKNOWN_NEWS: Final = -2  # news voted, but its window is empty

# One row per ticker.
(
    T_QTY, T_COST, T_FEES, T_OPENED, T_TRADE, T_SIGNAL, T_PRICE, T_STAMP, T_VOLUME, T_TODAY,
    T_EXIT, T_DAYS, T_ENTRY, T_SELLING,
) = range(14)  # fmt: skip
T_WIDTH: Final = 14

# The account.
(
    S_CASH, S_REALIZED, S_VALUE, S_GROSS, S_HELD, S_SNAPSHOT_DUE, S_CLOSE_DUE, S_WAITING,
    S_ENTRIES, S_RESERVED, S_ORDERS, S_TRADES,
) = range(12)  # fmt: skip
S_WIDTH: Final = 12

# One row per waiting order.
(O_ID, O_TICKER, O_QTY, O_NOTIONAL, O_DECIDED, O_TRADE, O_SIGNAL) = range(7)
O_WIDTH: Final = 7

# Parameters.
(
    P_POSITION, P_EXPOSURE, P_POSITIONS, P_STOP, P_COOLDOWN, P_PARTICIPATION, P_STALE_PRICE,
    P_STALE_NEWS, P_SHORT, P_NEXT_OPEN, P_SLIPPAGE, P_PER_SHARE, P_FEE_BPS, P_OFF, P_SNAPSHOT,
    P_VOLUME_SLIP, P_SELL_PPM, P_SELL_1000,
) = range(18)  # fmt: skip
P_WIDTH: Final = 18

# What was decided and done.
(
    R_KIND, R_ROW, R_STAMP, R_TICKER, R_CAUSE, R_CODE, R_LIMIT, R_ACTUAL, R_QTY, R_PRICE, R_FEE,
    R_PNL, R_ORDER, R_TRADE, R_CASH, R_VALUE, R_REALIZED, R_HELD,
) = range(18)  # fmt: skip
R_WIDTH: Final = 18
(DECISION, FILL, EXPIRY, SNAPSHOT) = range(4)
(BY_SIGNAL, BY_STOP) = range(2)
ACCEPTED: Final = 0
CHECKS: Final = tuple(ENTRY_CHECKS)
# The code of a decision, by number; an entry check's is its place among the checks, from 1.
CODES: Final = ("ACCEPTED", *CHECKS, "NO_POSITION")
NO_POSITION: Final = len(CODES) - 1
BEING_SOLD: Final = -1  # R_ACTUAL of NO_POSITION: all of it is being sold
