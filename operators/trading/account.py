"""The account: exact cash, positions and profit, in units of 1/10,000 dollar."""

from collections.abc import Iterable
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
    """Shares that changed hands: signed quantity, price and commission in units.

    Attributes:
        busted: it was taken back, and none did; the rest says what it was, should it come back.
    """

    stamp: int
    ticker: str
    qty: int
    price: int
    commission: int
    trade_id: str
    signal_id: str
    execution_id: str
    busted: bool = False

    def as_booked(self) -> "Fill":
        """Return what the books have of it: of a busted one, no share."""
        return self._replace(qty=0, commission=0) if self.busted else self


class Corrected(NamedTuple):
    """What a corrected fill makes of an account.

    Attributes:
        old, new: the fill as it was booked and is now; of a busted one, no share.
        cash: by which it changes, units.
        profits: (closing fill, profit) of the round trip, in order.
    """

    old: Fill
    new: Fill
    cash: int
    profits: list[tuple[Fill, int]]


class AccountState(State):
    """Cash, realised profit, positions and last prices; money in units.

    Attributes:
        trips: ticker -> the fills of its position, or of its last one.
    """

    cash: int
    realized: int
    positions: dict[str, Position]
    marks: dict[str, int]
    trips: dict[str, list[Fill]]


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
        self.trips = {t: list(fills) for t, fills in (state.trips if state else {}).items()}
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
        if old is None:
            self.trips[ticker] = [fill]
        else:
            self.trips[ticker].append(fill)
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

    def correct(self, execution_id: str, qty: int, price: int) -> Corrected | None:
        """Let a fill have had other shares or another price from the start.

        Args:
            execution_id: of a fill of a ticker's position, or of its last one.
            qty: shares after all, without a sign; 0: it was busted, commission and all, until
                another correction brings it back.
            price: of each, units.

        Returns:
            What has changed; None where there is no such fill.
        """
        for ticker, fills in self.trips.items():
            for n, old in enumerate(fills):
                if old.execution_id == execution_id:
                    new = old._replace(busted=True)
                    if qty:
                        signed = qty if old.qty > 0 else -qty
                        new = old._replace(qty=signed, price=price, busted=False)
                    return self._rebook(ticker, [*fills[:n], new, *fills[n + 1 :]], old, new)
        return None

    def reset(self, cash: int) -> None:
        """Begin anew with cash; last prices stay."""
        self.cash, self.realized, self.value, self.gross, self.shares = cash, 0, 0, 0, 0
        self.positions, self.trips = {}, {}

    def _rebook(self, ticker: str, fills: list[Fill], old: Fill, new: Fill) -> Corrected:
        """Book a round trip anew in the place of what was booked for it."""
        before, after = rebooked(self.trips[ticker]), rebooked(fills)
        cash, mark = spent(self.trips[ticker]) - spent(fills), self.marks[ticker]
        self.cash += cash
        self.realized += sum(p for _, p in after.profits) - sum(p for _, p in before.profits)
        held = self.positions.pop(ticker, None)
        was = held.qty if held else 0
        if after.qty:
            first = next(f for f in fills if not f.busted)
            held = held or Position(
                0, 0, 0, first.stamp, first.trade_id, first.signal_id, first.execution_id,
                mark, mark, mark, mark,
            )  # fmt: skip
            self.positions[ticker] = held._replace(qty=after.qty, cost=after.cost, fees=after.fees)
        self.value += (after.qty - was) * mark
        self.gross += (abs(after.qty) - abs(was)) * mark
        self.shares += abs(after.qty) - abs(was)
        self.trips[ticker] = fills
        return Corrected(old.as_booked(), new.as_booked(), cash, after.profits)

    def snapshot(self) -> AccountState:
        """Return cash, realised profit, positions, marks and the fills that may be corrected."""
        return AccountState(
            cash=self.cash, realized=self.realized, positions=dict(self.positions),
            marks=dict(self.marks), trips={t: list(fills) for t, fills in self.trips.items()},
        )  # fmt: skip


class Rebooked(NamedTuple):
    """A round trip's fills, booked from nothing: what is held, and what closing fills realised."""

    qty: int
    cost: int
    fees: int
    profits: list[tuple[Fill, int]]


def rebooked(fills: Iterable[Fill]) -> Rebooked:
    """Book fills from nothing; one that closes more than is held opens the rest the other way."""
    qty = cost = fees = 0
    profits: list[tuple[Fill, int]] = []
    for fill in fills:
        if fill.busted:
            continue
        left, fee = fill.qty, fill.commission
        if qty and (qty > 0) != (left > 0) and abs(left) > abs(qty):
            part = fee * abs(qty) // abs(left)
            closing = booked(qty, cost, fees, -qty, fill.price, part)
            profits.append((fill, closing.profit))
            left, fee = left + qty, fee - part
            qty = cost = fees = 0
            new = booked(0, 0, 0, left, fill.price, fee)
        else:
            new = booked(qty, cost, fees, left, fill.price, fee)
            if new.closes:
                profits.append((fill, new.profit))
        qty, cost, fees = new.qty, new.cost, new.fees
    return Rebooked(qty, cost, fees, profits)


def spent(fills: Iterable[Fill]) -> int:
    """Return the cash that fills cost, commissions included."""
    return sum(fill.qty * fill.price + fill.commission for fill in fills if not fill.busted)
