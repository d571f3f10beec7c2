"""Tickers in one spelling: a class share with a dot; foreign lines and pairs of coins are none."""

import re
from typing import Final

SHAPE: Final = re.compile(r"[A-Z0-9][A-Z0-9.\-]{0,11}\Z")
CLASS: Final = re.compile(r"([A-Z]{1,5})[.\-/]([A-Z])\Z")
# A suffix by which Reuters, Yahoo and Bloomberg write another country's exchange: VOD.L, SHOP.TO.
FOREIGN: Final = re.compile(r"[A-Z0-9\-]+\.(?:[A-Z]{2,3}|[LTVFS])\Z")
OF_A_UNIT: Final = re.compile(r".*\.(?:WS|UN|RT|PR)\Z")  # warrants, units, rights, preferred
PAIR: Final = re.compile(r"([A-Z]{3,5})[\-/.]?(?:USD[TC]?|EUR)\Z")
CLASSES: Final = "ABCK"  # letters of a class where no directory knows the ticker


def dotted(ticker: str) -> str:
    """Write a share class with a dot.

    >>> dotted("BRK-B"), dotted("BRK/B"), dotted("BTC-USD")
    ('BRK.B', 'BRK.B', 'BTC-USD')
    """
    match = CLASS.match(ticker)
    return f"{match[1]}.{match[2]}" if match else ticker


def symbol_of(text: str, coins: frozenset[str] = frozenset()) -> str:
    """Return a feed's or a file's symbol as a ticker; empty if it is none of a share here.

    Args:
        text: as it came: with blanks around it, in small letters, with any sign before a class.
        coins: codes of coins.

    >>> [symbol_of(s, frozenset({"BTC"})) for s in ("brk/b ", "VOD.L", "BTCUSD", "MOG.A")]
    ['BRK.B', '', '', 'MOG.A']
    """
    ticker = dotted(text.strip().upper())
    if not SHAPE.match(ticker) or ticker in coins:
        return ""
    pair = PAIR.match(ticker)
    if pair and (pair[1] in coins or not ticker.isalpha()):
        return ""
    return "" if FOREIGN.match(ticker) and not OF_A_UNIT.match(ticker) else ticker
