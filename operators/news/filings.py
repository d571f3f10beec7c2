"""Titles of the SEC's list of filings: who filed is a person or a company, named to the letter."""

import re
from typing import Final, NamedTuple

FILING: Final = re.compile(
    r"\s*[A-Z0-9][A-Z0-9\-/ ]{0,19}? - (?P<name>.+?) \(\d{7,10}\) \((?P<role>[A-Za-z ]+)\)\s*\Z",
)
# Behind a name, where the SEC keeps two of it apart: /DE/, /NEW, / MA, or what is left of one.
STATE: Final = re.compile(r"\s*/\s*(?:[A-Za-z]{2,4}\s*/?)?\s*\Z")


class Filing(NamedTuple):
    """Who a filing is about.

    Attributes:
        name: of the company; empty if who reports is a person or a holder.
    """

    name: str


def filing_of(title: str) -> Filing | None:
    """Read the title of an entry; None if it is none of a filing.

    >>> filing_of("8-K - MOODYS CORP /DE/ (0001059556) (Filer)")
    Filing(name='MOODYS CORP')
    >>> filing_of("4 - Chubb Thomas Caldecot III (0001296939) (Reporting)")
    Filing(name='')
    """
    match = FILING.match(title)
    if match is None:
        return None
    about = match["role"].lower() in ("filer", "issuer", "subject")
    return Filing(STATE.sub("", match["name"]) if about else "")
