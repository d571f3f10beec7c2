"""Renamed tickers: the right one on the day of the news, so that old days and today both trade."""

from datetime import UTC, datetime

import pytest

from connectors.tickers.directory import bundled, renames, ticker_finder
from operators.news.renames import Rename, Renames


@pytest.mark.parametrize(
    ("text", "year", "found"),
    [
        ("Facebook grows", 2021, ("FB",)),
        ("Facebook grows", 2023, ("META",)),
        ("$FB and Facebook", 2024, ("META",)),
        ("Square Inc, $SQ", 2020, ("SQ",)),
        ("Block Inc, $SQ", 2026, ("XYZ",)),
        ("Paramount profit", 2023, ("PARA",)),
        ("Paramount profit", 2026, ("PSKY",)),
        ("Twitter users flee", 2020, ("TWTR",)),
        ("Twitter users flee, $TWTR", 2024, ()),
        ("Barrick digs", 2016, ("ABX",)),
        ("Barrick digs", 2022, ("GOLD",)),
        ("Barrick digs", 2026, ("B",)),
        ("SanDisk chips", 2014, ("SNDK",)),
        ("SanDisk chips", 2020, ()),
        ("SanDisk chips", 2026, ("SNDK",)),
        ("Sprint loses users", 2018, ("S",)),
        ("Sprint loses users", 2022, ()),
        ("$S", 2022, ("S",)),
        ("Priceline books", 2016, ("PCLN",)),
        ("Booking Holdings", 2024, ("BKNG",)),
        ("Google and $GOOG", 2016, ("GOOGL", "GOOG")),
    ],
)
def test_a_ticker_is_the_one_of_the_day(text: str, year: int, found: tuple[str, ...]) -> None:
    assert ticker_finder().find((), text, "", datetime(year, 3, 1, tzinfo=UTC)) == found


def test_without_a_day_it_is_todays() -> None:
    assert ticker_finder().find(("FB",), "Block Inc, Paramount, Twitter") == ("META", "XYZ", "PSKY")


def test_a_circle_and_a_chain_end() -> None:
    table = Renames([Rename("2020-01-01", "A", "B"), Rename("2020-02-01", "B", "A")])
    assert (table.written("A"), table.written("B"), table.heir("A")) == ("A", "A", "A")
    assert table.named("A", "2020-01-15") == "B"
    assert table.named("A", "2019-01-15") == "A"


def test_no_listing_of_the_package_stands_under_an_old_ticker() -> None:
    table = renames()
    assert {
        x.ticker: table.heir(x.ticker) for x in bundled() if table.heir(x.ticker) != x.ticker
    } == {}
