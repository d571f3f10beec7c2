"""Rows of Alpaca's that cannot be read and are none of ours: told in the log, and counted.

What we place is a stock by its ticker, of a few types, at prices of four decimals. Whatever is not
so was placed by somebody else; one such row must not make the account unreadable. A row that may
be ours and means nothing is another matter: the answer is not believed.
"""

import logging
from collections import Counter
from collections.abc import Mapping
from typing import Any, Final

log = logging.getLogger(__name__)

STOCKS: Final = "us_equity"
EVERY: Final = 100  # of a kind there is one more line in the log
LEFT_OUT: Final[Counter[str]] = Counter()  # since the program began, by kind


def other_class(row: Mapping[str, Any]) -> bool:
    """Tell whether a row is of something else than a stock, which we never trade."""
    kind, ticker = row.get("asset_class"), row.get("symbol")
    named = isinstance(kind, str) and kind not in ("", STOCKS)
    return named or (isinstance(ticker, str) and "/" in ticker)


def odd(kind: str, why: object) -> None:
    """Hear of a row that is left out, or shown in part."""
    LEFT_OUT[kind] += 1
    if LEFT_OUT[kind] % EVERY == 1:
        log.warning("an odd %s of Alpaca's, number %d: %.200s", kind, LEFT_OUT[kind], why)
