"""Tickers that became others, were given up or came again: what a company's was on a day."""

from collections.abc import Iterable
from typing import Final, NamedTuple

TODAY: Final = "9999-12-31"  # after every rename


class Rename(NamedTuple):
    """One line of the table.

    Attributes:
        day: the first day under the new ticker, such as 2022-06-09.
        old: empty: the new one was listed, or listed again.
        new: empty: the old one is gone.
    """

    day: str
    old: str
    new: str


class Renames:
    """The table; read only."""

    def __init__(self, table: Iterable[Rename] = ()) -> None:
        """Take the table, in any order of days."""
        rows = sorted(table, key=lambda row: row.day)  # as given within a day
        self.tickers = frozenset(t for row in rows for t in (row.old, row.new) if t)
        self._rows = {t: [r for r in rows if t in (r.old, r.new)] for t in self.tickers}
        self._back = rows[::-1]

    def written(self, ticker: str, day: str = TODAY) -> str:
        """Return what a ticker, as somebody writes it, stands for on a day; empty: no more.

        >>> table = Renames([Rename("2022-06-09", "FB", "META"), Rename("2022-10-28", "TWTR", "")])
        >>> table.written("FB"), table.written("FB", "2021-03-01"), table.written("TWTR")
        ('META', 'FB', '')
        """
        since = ""
        while ticker in self.tickers:
            past = [r for r in self._rows[ticker] if since <= r.day <= day]
            if not past or past[-1].old != ticker:
                break
            since, ticker = past[-1].day, past[-1].new
        return ticker

    def named(self, ticker: str, day: str = TODAY) -> str:
        """Return the ticker on a day of a company whose ticker today, or at its end, is this.

        >>> table = Renames([Rename("2022-06-09", "FB", "META"), Rename("2022-10-28", "TWTR", "")])
        >>> table.named("META", "2021-03-01"), table.named("META"), table.named("TWTR")
        ('FB', 'META', '')
        """
        if ticker not in self.tickers:
            return ticker
        now = last = ticker
        for row in self._back:
            if row.day <= day:
                break
            if now and row.new == now:
                now = row.old
                last = now or last
            elif not now and not row.new and row.old == last:
                now = last
        return self.written(now, day) if now else ""

    def heir(self, ticker: str) -> str:
        """Return what a directory's ticker has become by the newest row; gone ones stay.

        >>> table = Renames([Rename("2022-06-09", "FB", "META"), Rename("2022-10-28", "TWTR", "")])
        >>> table.heir("FB"), table.heir("TWTR")
        ('META', 'TWTR')
        """
        seen = {ticker}
        while ticker in self.tickers:
            row = self._rows[ticker][-1]
            if row.old != ticker or not row.new or row.new in seen:
                break
            ticker = row.new
            seen.add(ticker)
        return ticker
