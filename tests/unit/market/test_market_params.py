"""The settings of live bars."""

import pytest
from pydantic import TypeAdapter, ValidationError

from connectors.market.params import MarketParams

read = TypeAdapter(MarketParams).validate_python


def test_a_watchlist_is_a_list_of_tickers() -> None:
    assert read({"watchlist": "aapl, BRK.B,,AAPL"}).watchlist == ("AAPL", "BRK.B")
    assert read({"watchlist": ["BF-B"]}).watchlist == ("BF-B",)
    assert read({}).watchlist == ()


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"watchlist": "AAPL MSFT"}, "'AAPL MSFT' is no ticker: write capitals"),
        ({"watchlist": "*"}, "no ticker"),
        ({"watchlist": "ABCDEFGHIJKLM"}, "no ticker"),
        ({"feed": "yahoo"}, "'outside' or 'alpaca'"),
        ({"max_tickers": 0}, "greater than or equal to 1"),
        ({"silent_seconds": 0}, "greater than 0"),
    ],
)
def test_what_no_setting_can_be(given: dict[str, object], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        read(given)
