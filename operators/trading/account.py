"""The account: exact cash, positions and profit, in units of 1/10,000 dollar."""

from typing import NamedTuple

from operators.states import State
from operators.trading.arithmetic import booked


class Position(NamedTuple):
    """An open position.

    Attributes:
        qty: shares; negative when short.
        cost: what the open shares were bought for (sold for, when short, as a negative number).
        fees: commissions paid for the open shares.
        opened: stamp of the first fill.
        trade_id: id of the round trip.
        signal_id: the signal that opened it.
        execution_id: the fill that opened it.
        high: highest price since then, units: of what the exits look at; low: the lowest.
        top: highest price of any bar since then, units; bottom: the lowest.
    """

    qty: int
    cost: int
    fees: int
    opened: int
    trade_id: str
    signal_id: str
    execution_id: str
    high: int
    low: int
    top: int
    bottom: int

    @property
    def best(self) -> int:
        """Return the best price since the entry: the high, when short the low."""
        return self.high if self.qty > 0 else self.low

    def life(self, price: int) -> tuple[int, int]:
        """Return the highest and the lowest price of its life, closed at a price."""
        return max(self.top, price), min(self.bottom, price)

    @property
    def average(self) -> int:
        """Return the average entry in whole units, rounded half up."""
        return (2 * self.cost + self.qty) // (2 * self.qty)


class Fill(NamedTuple):
    """Shares that changed hands: signed quantity, price and commission in units."""

    stamp: int
    ticker: str
    qty: int
    price: int
    commission: int
    trade_id: str
    signal_id: str
    execution_id: str


class AccountState(State):
    """Cash, realised profit, positions and last prices; money in units."""

    cash: int
    realized: int
    positions: dict[str, Position]
    marks: dict[str, int]


class Account:
    """Cash, positions and marks; cash + positions = equity at every moment, exactly.

    Profits are exact: see `arithmetic.booked`.
    """

    def __init__(self, start_cash: int, state: AccountState | None = None) -> None:
        """Start with cash, in units, or from a snapshot."""
        self.cash = state.cash if state else start_cash
        self.realized = state.realized if state else 0
        self.positions: dict[str, Position] = dict(state.positions if state else {})
        self.marks: dict[str, int] = dict(state.marks if state else {})
        self.value = sum(p.qty * self.marks[t] for t, p in self.positions.items())
        self.gross = sum(abs(p.qty) * self.marks[t] for t, p in self.positions.items())
        self.shares = sum(abs(p.qty) for p in self.positions.values())

    @property
    def equity(self) -> int:
        """Return cash + positions at their last marks."""
        return self.cash + self.value

    @property
    def unrealized(self) -> int:
        """Return the open positions' value less their cost; commissions not counted."""
        return self.value - sum(p.cost for p in self.positions.values())

    def mark(self, ticker: str, price: int) -> Position | None:
        """Take a new last price; returns the ticker's position, if any."""
        position = self.positions.get(ticker)
        if position is not None:
            change = price - self.marks[ticker]
            self.value += position.qty * change
            self.gross += abs(position.qty) * change
        self.marks[ticker] = price
        return position

    def extend(self, ticker: str, high: int, low: int) -> None:
        """Take prices into a position's high and low."""
        position = self.positions[ticker]
        if high > position.high or low < position.low:
            self.positions[ticker] = position._replace(
                high=max(high, position.high), low=min(low, position.low)
            )

    def travel(self, ticker: str, high: int, low: int) -> None:
        """Take a bar's prices into the extremes of a position's life."""
        position = self.positions[ticker]
        if high > position.top or low < position.bottom:
            self.positions[ticker] = position._replace(
                top=max(high, position.top), bottom=min(low, position.bottom)
            )

    def apply(self, fill: Fill) -> int | None:
        """Book a fill; returns the profit it realised, or None when it closed nothing.

        Assumes that a fill either opens, adds to, or closes at most the whole position.
        """
        ticker = fill.ticker
        mark = self.marks.setdefault(ticker, fill.price)
        self.cash -= fill.qty * fill.price + fill.commission
        old = self.positions.get(ticker)
        held, cost, fees = (old.qty, old.cost, old.fees) if old is not None else (0, 0, 0)
        new = booked(held, cost, fees, fill.qty, fill.price, fill.commission)
        if old is None:
            self.positions[ticker] = Position(
                new.qty, new.cost, new.fees, fill.stamp, fill.trade_id, fill.signal_id,
                fill.execution_id, mark, mark, mark, mark,
            )  # fmt: skip
        elif new.qty:
            self.positions[ticker] = old._replace(qty=new.qty, cost=new.cost, fees=new.fees)
        else:
            del self.positions[ticker]
        self.value += fill.qty * mark
        self.gross += (abs(new.qty) - abs(held)) * mark
        self.shares += abs(new.qty) - abs(held)
        self.realized += new.profit
        return new.profit if new.closes else None

    def snapshot(self) -> AccountState:
        """Return cash, realised profit, positions and marks."""
        return AccountState(
            cash=self.cash, realized=self.realized, positions=dict(self.positions),
            marks=dict(self.marks),
        )  # fmt: skip
