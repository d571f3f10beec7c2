"""Which tickers an article is about: those its feed names, and cashtags in its text."""

import re
from typing import Final

CASHTAG: Final = re.compile(r"(?<![\w$])\$([A-Z]{1,5}(?:[.\-][A-Z])?)(?![\w])")


def tickers_of(symbols: tuple[str, ...], text: str) -> tuple[str, ...]:
    """Return the tickers in order of first mention, each once.

    >>> tickers_of(("AAPL",), "$MSFT and $AAPL beat, $5 more")
    ('AAPL', 'MSFT')
    """
    return tuple(dict.fromkeys((*symbols, *CASHTAG.findall(text))))
