"""Ticker extraction: each kind of evidence, and what is none."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.tickers.directory import bundled, lists, ticker_finder
from operators.news.directory import Listing
from operators.news.tickers import TickerFinder

LISTED = [
    Listing("ALL", "Allstate Corp"),
    Listing("IT", "Gartner Inc"),
    Listing("ON", "ON Semiconductor Corp"),
    Listing("A", "Agilent Technologies"),
    Listing("NOW", "ServiceNow, Inc."),
    Listing("BRK.B", "Berkshire Hathaway Inc. Class B"),
    Listing("SNDR", "Schneider National, Inc. - Common Stock"),
    Listing("MERC", "Mercer International Inc."),
    Listing("ENRG", "Energy Inc"),
]


@pytest.fixture(scope="module")
def finder() -> TickerFinder:
    return TickerFinder([*bundled(), *LISTED], lists())


@pytest.mark.parametrize(
    ("text", "found"),
    [
        # cashtags
        ("$AAPL up", ("AAPL",)),
        ("($BRK.B), $BF-B!", ("BRK.B", "BF.B")),
        ("$5 and $1B and US$AAPL and $aapl", ()),
        ("$TOOLONG $A", ("A",)),
        ("$AAPLs", ()),
        ("$AAPL $AAPL $MSFT", ("AAPL", "MSFT")),
        # an exchange before it
        ("NASDAQ:AAPL beats", ("AAPL",)),
        ("International Widgets (NYSE: IBM) rises", ("IBM",)),
        ("( NYSE American: XYZQ )", ("XYZQ",)),
        # names
        ("Apple Inc beats", ("AAPL",)),
        ("Apple beats, Google misses", ("AAPL", "GOOGL")),
        ("Apple's suppliers and Apple\u2019s chips", ("AAPL",)),
        ("JPMorgan Chase & Co. to buy back shares", ("JPM",)),
        ("Warren Buffett's Berkshire Hathaway buys", ("BRK.B",)),
        ("AT&T and T-Mobile talk", ("T", "TMUS")),
        ("an apple a day", ()),
        # brackets, and a bare ticker that is no word
        ("Jazz Pharmaceuticals (JAZZ) Q2 2026 Earnings Call", ("JAZZ",)),
        ("Movers (AAPL, ZZZZ, MSFT, QQQZ)", ("AAPL", "ZZZZ", "MSFT", "QQQZ")),
        ("Only two: NVDA & AVGO", ("NVDA", "AVGO")),
        ("PBR vs. CVX: which is better?", ("PBR", "CVX")),
        ("Buffett buys BRK.B, not U.S. bonds or Q.E. talk", ("BRK.B",)),
        # look-alikes need evidence
        ("ALL eyes ON the CEO: IT is A big day, NOW what", ()),
        ("ON Semiconductor slips", ("ON",)),
        ("Gartner (IT) raises its outlook", ("IT",)),
        ("1 Artificial Intelligence (AI) stock to buy", ()),
        ("Fed's GDP, CPI and EPS: USA, UK and the EU", ()),
        ("HOLD ON TO ALL OF IT NOW, TARGET GAP UP", ()),
        ("Sector Update: Energy Stocks Gain", ()),
        ("Energy Inc stock gains", ("ENRG",)),
        ("Price target raised", ()),
        ("Target's profit falls", ()),
        ("Target stock falls", ("TGT",)),
        # brokers who rate are not what the news is about
        ("JPMorgan upgrades Nvidia, lifts price target", ("NVDA",)),
        ("JPMorgan profit beats", ("JPM",)),
        # what is no text
        ("see https://t.co/$AAPL @AAPL", ()),
        ("", ()),
    ],
)
def test_evidence(finder: TickerFinder, text: str, found: tuple[str, ...]) -> None:
    assert finder.find((), text) == found


def test_the_feeds_own_come_first(finder: TickerFinder) -> None:
    assert finder.find(("MSFT",), "Apple and $MSFT") == ("MSFT", "AAPL")


@given(st.text(max_size=500))
def test_any_text_has_an_answer(text: str) -> None:
    found = ticker_finder().find((), text)
    assert len(set(found)) == len(found)


def test_without_a_directory_cashtags_and_exchanges_are_known() -> None:
    assert TickerFinder().find((), "Apple $AAPL (NYSE: IBM)") == ("AAPL", "IBM")


@pytest.mark.parametrize(
    "text",
    ["Share on Facebook" + " , " * 1_200, "NYSE, " * 600, "(A, " * 1_000, "X | " * 900,
     "New York Stock Exchange " * 160, "8-K - " * 600, "NASDAQ: A, " * 300],
)  # fmt: skip
def test_odd_long_texts_have_an_answer(text: str) -> None:
    assert isinstance(ticker_finder().find((), text, f"Facebook {text}"), tuple)
