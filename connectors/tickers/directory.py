"""The ticker directory: what is bundled, and files in the formats that exchanges publish.

Read are: Alpaca's asset list (JSON, `symbol` and `name`), the SEC's company_tickers.json, and
the NASDAQ Trader's symbol files (`|` between columns, the first the symbol, the second the name).
"""

import json
from collections.abc import Iterable, Iterator
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

from connectors.files import sha256_of
from messages.errors import TidewireError
from operators.news.directory import Listing
from operators.news.renames import Rename, Renames
from operators.news.symbols import dotted
from operators.news.tickers import Lists, TickerFinder

BUNDLED: Final = "listings.txt"
WORDS: Final = "common_words.txt"
PEOPLE: Final = "first_names.txt"
OTHERS: Final = "not_companies.txt"
NO_STOCKS: Final = "no_stocks.txt"
RENAMES: Final = "renames.txt"


class DirectoryUnusable(TidewireError, ValueError):
    """A directory file cannot be read. Operator action: see the message."""


@lru_cache(maxsize=4)
def ticker_finder(directories: tuple[str, ...] = ()) -> TickerFinder:
    """Return a finder over the bundled list and these files; kept for the next caller.

    Raises:
        DirectoryUnusable: a file is missing or of no known format.
    """
    listings = list(bundled())
    for name in directories:
        listings += read_directory(Path(name).expanduser())
    return TickerFinder(listings, lists())


def directory_digests(directories: tuple[str, ...]) -> tuple[str, ...]:
    """Return SHA-256 of each file, in order.

    Raises:
        DirectoryUnusable: one is missing.
    """
    found = []
    for name in directories:
        try:
            found.append(sha256_of(Path(name).expanduser()))
        except OSError as error:
            raise DirectoryUnusable(_unreadable(Path(name), error)) from error
    return tuple(found)


def bundled() -> Iterator[Listing]:
    """Give the listings that need no file."""
    for line in _package_lines(BUNDLED):
        ticker, _, names = line.partition("|")
        yield Listing(ticker, "", tuple(n for n in names.split("|") if n))


@lru_cache(maxsize=1)
def lists() -> Lists:
    """Return the lists beside the directory: ordinary words, first names, renames and the rest."""
    others = tuple(_package_lines(OTHERS))
    return Lists(
        common_words(), _words(PEOPLE),
        tuple(other for other in others if not other.startswith("!")),
        tuple(other[1:] for other in others if other.startswith("!")),
        _words(NO_STOCKS), renames(),
    )  # fmt: skip


def common_words() -> frozenset[str]:
    """Return ordinary words that are also tickers or names, in lower case."""
    return _words(WORDS)


def renames() -> Renames:
    """Return the dated table of renames."""
    return Renames(Rename(*line.split("|")) for line in _package_lines(RENAMES))


def read_directory(file: Path) -> list[Listing]:
    """Read one file.

    Raises:
        DirectoryUnusable: missing, or of no known format.
    """
    try:
        text = file.read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        raise DirectoryUnusable(_unreadable(file, error)) from error
    found = [Listing(dotted(t.upper()), n) for t, n in _rows(text, file) if t and n]
    if not found:
        raise DirectoryUnusable(_unknown(file))
    return found


def _rows(text: str, file: Path) -> Iterable[tuple[str, str]]:
    if text.lstrip()[:1] in "[{":
        try:
            content: Any = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise DirectoryUnusable(_unknown(file)) from error
        values = content.values() if isinstance(content, dict) else content
        for row in values:
            if not isinstance(row, dict):
                raise DirectoryUnusable(_unknown(file))
            if row.get("tradable", True):
                yield (
                    str(row.get("symbol", row.get("ticker", ""))),
                    str(row.get("name", row.get("title", "")) or ""),
                )
        return
    for line in text.splitlines()[1:]:
        columns = line.split("|")
        if len(columns) > 2 and "File Creation Time" not in columns[0]:
            yield columns[0], columns[1]


def _unreadable(file: Path, error: OSError) -> str:
    return (
        f"The ticker directory {file} cannot be read ({error.strerror}): correct "
        "TIDEWIRE_NEWS__DIRECTORIES."
    )


def _unknown(file: Path) -> str:
    return (
        f"{file} is no ticker directory: name Alpaca's assets (JSON), the SEC's "
        "company_tickers.json or a NASDAQ Trader symbol file in TIDEWIRE_NEWS__DIRECTORIES."
    )


def _words(name: str) -> frozenset[str]:
    return frozenset(word for line in _package_lines(name) for word in line.split())


def _package_lines(name: str) -> Iterator[str]:
    for line in _package_text(name).splitlines():
        if line and not line.startswith("#"):
            yield line


def _package_text(name: str) -> str:
    return files("connectors.tickers").joinpath(name).read_text(encoding="utf-8")
