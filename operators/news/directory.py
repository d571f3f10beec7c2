"""Listed companies and the names they go by; built once from listings, then read only."""

import re
from collections import Counter
from collections.abc import Iterable
from typing import Final, NamedTuple

TOKEN: Final = re.compile(r"[^\W_]+(?:&[^\W_]+)*")
_SUFFIXES: Final = (
    "inc incorporated corp corporation co company companies ltd limited plc lp llc nv sa ag "
    "se ab asa spa holdings holding group adr ads sponsored the trust bancorp new de cv kk "
    "oyj"
)
SUFFIXES: Final = frozenset(_SUFFIXES.split())
_DESCRIPTIONS: Final = (
    "technologies technology pharmaceuticals pharmaceutical therapeutics pharma biosciences "
    "energy financial international industries systems solutions brands entertainment "
    "networks network software semiconductor semiconductors labs laboratories motors motor "
    "airlines communications enterprises platforms resources petroleum stores outdoor "
    "worldwide global mobile sciences infrastructure digital markets media interactive "
    "electronics robotics biotech medical"
)
DESCRIPTIONS: Final = frozenset(_DESCRIPTIONS.split())
NOT_A_COMPANY: Final = re.compile(
    r"\b(ETF|ETN|Fund|Warrants?|Units?|Rights?|Preferred|Notes?|Debentures?|Index|Series [A-Z]\b"
    r"|Subordinated|Municipal|Portfolio|Trust Shares|Acquisition)\b|%|\d{4}",
)
SHARE_WORDS: Final = re.compile(
    r"\s+(- |Common|Ordinary|American Depositary|Class [A-Z]\b|Depositary|Shares|Series|"
    r"\(|/[A-Z]{2,4}/?|[A-Z]{2}/).*$",
)
MIN_LETTERS: Final = 4  # of a name


class Listing(NamedTuple):
    """One listed share or fund.

    Attributes:
        ticker: classes with a dot, such as BRK.B.
        name: as the exchange writes it; empty if it has none of its own.
        names: further names, trusted: `?` behind one marks an ordinary word, `@` before one a
            broker.
    """

    ticker: str
    name: str = ""
    names: tuple[str, ...] = ()


class Name(NamedTuple):
    """What a name stands for.

    Attributes:
        weak: an ordinary word too; needs evidence.
        broker: when it rates others, it is not what the news is about.
    """

    ticker: str
    weak: bool = False
    broker: bool = False


def words_of(text: str) -> list[str]:
    """Return a text's words in lower case, as names are compared.

    >>> words_of("Moody's & J.P. Morgan")
    ['moody', 's', 'j', 'p', 'morgan']
    """
    return [w.lower() for w in TOKEN.findall(text)]


def dotted(ticker: str) -> str:
    """Write a share class with a dot.

    >>> dotted("BRK-B"), dotted("BTC-USD")
    ('BRK.B', 'BTC-USD')
    """
    return f"{ticker[:-2]}.{ticker[-1]}" if ticker[-2:-1] in "-/" and len(ticker) > 2 else ticker


def names_of(listings: Iterable[Listing], common: frozenset[str]) -> dict[tuple[str, ...], Name]:
    """Return every name by its words; of two listings with one name the earlier has it.

    Args:
        listings: those that matter most first.
        common: ordinary words, in lower case.
    """
    listed = list(listings)
    cores = {x.ticker: core for x in listed if (core := _core(x.name))}
    first = Counter(core[0] for core in set(map(tuple, cores.values())))
    found: dict[tuple[str, ...], Name] = {}
    for listing in listed:
        for name in listing.names:
            words = tuple(words_of(name))
            found.setdefault(words, Name(listing.ticker, "?" in name, name.startswith("@")))
    for listing in listed:
        own = cores.get(listing.ticker, [])
        for words in _variants(own, listing.name, first):
            if sum(map(len, words)) < MIN_LETTERS or "".join(words).isdigit():
                continue
            shortened = len(words) == 1 and len(own) > 1
            weak = shortened or all(w in common for w in words)
            found.setdefault(words, Name(listing.ticker, weak))
    return found


def _core(name: str) -> list[str]:
    """Return what is left of an exchange's name without its legal and share words."""
    if NOT_A_COMPANY.search(name):
        return []
    words = words_of(SHARE_WORDS.sub("", f"{name} ").strip())
    if words[:1] == ["the"]:
        words = words[1:]
    while len(words) > 1 and (words[-1] in SUFFIXES or len(words[-1]) == 1):
        words = words[:-1]
    return words


def _variants(core: list[str], name: str, first: Counter[str]) -> Iterable[tuple[str, ...]]:
    if not core:
        return
    yield tuple(core)
    short = core
    while len(short) > 1 and short[-1] in DESCRIPTIONS:
        short = short[:-1]
    if short != core and (len(short) > 1 or first[short[0]] == 1):
        yield tuple(short)
    if len(core) == 1:
        full = tuple(words_of(SHARE_WORDS.sub("", f"{name} ")))
        if len(full) > 1:
            yield full
