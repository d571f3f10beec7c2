"""Symbols of Alpaca's news: in one spelling; what is no ticker is left out, the article stays."""

from typing import Any

import pytest

from connectors.feed.alpaca_news import symbols_of


@pytest.mark.parametrize(
    ("symbols", "found"),
    [
        (["MSFT", "KO\n", " nke "], ("MSFT", "KO", "NKE")),
        (["BF/B", "BF-B", "BF.B"], ("BF.B",)),
        (["ETH/USD", "ETH-USD", "RIO.L", "", 7, None, "\u00e9"], ()),
        (None, ()),
        ("MSFT", ()),
    ],
)
def test_symbols(symbols: Any, found: tuple[str, ...]) -> None:
    assert symbols_of(symbols) == found
