"""Strong forms: exchange tags, cashtags, brackets, class shares; and what only looks like them."""

import pytest

from connectors.tickers.directory import ticker_finder
from operators.news.symbols import symbol_of


@pytest.mark.parametrize(
    ("text", "found"),
    [
        # prose behind an exchange's name
        ("Nasdaq: chips fell 2 % by noon", ()),
        ("NASDAQ: Banks lead losses", ()),
        ("NYSE: on a slow Friday", ()),
        ("AMEX: A busy hour", ()),
        ("AMEX: some miners rose", ()),
        ("Listed on the AMEX, NYSE and AMEX volumes fell", ()),
        ("AmEx and Amex: profit", ("AXP",)),
        ("NYSE: AI trades are crowded", ()),
        ("Nasdaq: IPO calendar", ()),
        # a tag is one, whatever the case of the exchange
        ("(nasdaq: NVDA)", ("NVDA",)),
        ("NYSE: KO slips", ("KO",)),
        ("(NYSE: LEN, LEN.B)", ("LEN", "LEN.B")),
        ("(TSX: NTR; NYSE: NTR)", ("NTR",)),
        ("(NasdaqGS:COST)", ("COST",)),
        ("Zyxo Labs (Nasdaq Global Select Market: ZYXO)", ("ZYXO",)),
        # the exchange in a tag, and exchanges and indices, are no companies
        ("Intel (NASDAQ: INTC) slides", ("INTC",)),
        ("Nasdaq 100 and Dow Jones end flat, S&P 500 up, Cboe quiet", ()),
        ("Nasdaq Inc to buy a rival", ("NDAQ",)),
        # elsewhere, and coins
        ("(LSE: BA) and (TSX: T)", ()),
        ("$RIO.L and $NTR.TO fall", ()),
        ("$ETH, $SOL and $XRP fall", ()),
        ("Bitcoin (BTC) and (CRYPTO: ETH)", ()),
        ("(NYSE Arca: ETH) inflows", ("ETH",)),
        ("$STONKS only, $DJIA", ()),
        # a class share is one ticker
        ("$HEI-A, $HEI/A and $HEI.A", ("HEI.A",)),
        ("Brown-Forman (NYSE: BF/B)", ("BF.B",)),
        ("Shares of BF/B and BF-B slip", ("BF.B",)),
        ("Berkshire (BRK-B)", ("BRK.B",)),
        # a company in no list
        ("Quillon Corp (QLLN) opens a plant", ("QLLN",)),
        ("Food and Drug Administration (FDA) rules", ()),
    ],
)
def test_strong_forms(text: str, found: tuple[str, ...]) -> None:
    assert ticker_finder().find((), text) == found


@pytest.mark.parametrize(
    ("text", "ticker"),
    [("BF-B", "BF.B"), ("BF/B", "BF.B"), ("msft", "MSFT"), ("KO\n", "KO"), ("RIO.L", ""),
     ("7203.T", ""), ("ETH-USD", ""), ("ETHUSD", ""), ("ETH", ""), ("EUR/USD", ""), ("", ""),
     ("\u00e9", ""), ("ABR-PD", "ABR-PD"), ("XYZ.WS", "XYZ.WS")],
)  # fmt: skip
def test_one_spelling_of_a_symbol(text: str, ticker: str) -> None:
    assert symbol_of(text, frozenset({"ETH"})) == ticker


def test_a_feeds_symbols_are_spelled_as_a_texts() -> None:
    found = ticker_finder().find(("BF-B", "KO\n", "ETH/USD", "RIO.L"), "$BF/B and $KO")
    assert found == ("BF.B", "KO")
