"""Which tickers an article is about.

Evidence, in this order of trust: tickers the feed names; cashtags ($AAPL); an exchange before it
(NASDAQ: AAPL); brackets behind a name (Apple (AAPL)) or a list of them; names (Apple Inc, Apple's),
found by one pass of an Aho-Corasick automaton; and a bare ticker (NVDA & AVGO) that is no word.
Look-alikes (ALL, IT, ON, CEO) count only with evidence besides their letters.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple

from ahocorasick_rs import AhoCorasick, MatchKind

from operators.news.directory import TOKEN, Listing, Name, names_of, words_of

VERSUS: Final = re.compile(r"\b([A-Z]{2,5}) (?:vs|versus)\.? ([A-Z]{2,5})\b")
NOISE: Final = re.compile(r"https?:\S+|@\w+")
CASHTAG: Final = re.compile(r"(?<![\w$])\$([A-Z]{1,5}(?:[.\-][A-Z])?)(?![\w])")
LISTED: Final = re.compile(
    r"\b(?:NASDAQ|NYSE|NYSEARCA|NYSE ?(?:American|Arca|MKT)|AMEX|OTC(?:QB|QX|MKTS)?|BATS|CBOE)"
    r"(?: ?[A-Z]{2})?\s*:\s*([A-Z]{1,5}(?:[.\-][A-Z])?)\b", re.IGNORECASE,
)  # fmt: skip
BRACKETED: Final = re.compile(
    r"[(\[]\s*([A-Z][A-Z.\-]{0,6}(?:\s*[,/&;]\s*[A-Z][A-Z.\-]{0,6})*)\s*[)\]]"
)
CLASS: Final = re.compile(r"(?<![\w$#@&.\-:/'\u2019])([A-Z]{1,5}\.[A-Z])(?![\w.])")
BARE: Final = re.compile(r"(?<![\w$#@&.\-:/'\u2019])([A-Z]{2,5})(?![\w&/]|\.\w|-\w)")
RATES: Final = re.compile(
    r"\b(upgrad|downgrad|price target|target price|rating|overweight|underweight|outperform|"
    r"equal.weight|maintain|initiat|reiterat|resume|opens? |starts? |analyst|urge|top pick|"
    r"favorite|says|coverage|outlook|revised|activity|PMI|PT\b|"
    r"(cuts?|raises?) to|to (hold|neutral|market perform)\b|sees |warns|according to)",
    re.IGNORECASE,
)  # fmt: skip
# After an ordinary word: it is a company's name. `Energy stocks` are no company's.
_OWNERS: Final = "stock shares inc corp corporation co company plc ltd ceo cfo shareholders"
OWNERS: Final = frozenset(_OWNERS.split())
_CUES: Final = (
    "stock stocks shares share inc corp corporation co company plc ltd earnings ceo cfo "
    "dividend investors investor q1 q2 q3 q4 vs versus etf calls puts options shareholders "
    "holdings yields yield bulls bears"
)
CUES: Final = frozenset(_CUES.split())
_ACRONYMS: Final = (
    "AI IT CEO CFO COO CTO EPS ETF ETFS IPO GDP FDA SEC USA US UK EU UN API PC TV EV EVS AM "
    "PM PT ET EST EDT GMT UTC OK NEW TOP BUY SELL HOLD ALL ON OR SO ARE CAN FOR BE BY GO HAS "
    "HE IS IN IF AS AT AN DO WE UP ONE TWO OUT NOW LOW HIGH BIG CASH REAL OPEN GAIN LIVE LOVE "
    "NEXT PLAY RUN SAVE TECH TRUE VERY WELL WORK YOU CPI PPI FED FOMC NYSE AMEX OTC ADR ADS "
    "ATH YTD YOY QOQ RSI MACD SMA EMA DD DRAM NAND GPU CPU RAM SSD RTX GTX LED LLC INC CORP "
    "LTD PLC CO LP REIT NAV ROI ROE ROA EBIT CAGR M&A R&D VC PE IRA ESG USD EUR GBP JPY CAD "
    "CHF IP DNA RNA HIV MD NDA BLA CRL PR HR NY LA DC CA TX FL JV RSU RSUS DJ DJI RT DM FB "
    "BTC ETH WSB YOLO DTE ITM OTM ATM IV PDT TA FA LOL IMO FYI CEOS GM SPX NDX VIX DEI CES "
    "NFL NBA NFT WEB WAR OIL GOLD GAS AAA BBB AGM CDC DOJ FTC IRS NASA WHO NATO OPEC IMF ECB "
    "BOE BOJ FAQ FREE SAFE MAIN CARE EARN FUND"
)
ACRONYMS: Final = frozenset(_ACRONYMS.split())


class Mention(NamedTuple):
    """A ticker found at a place in the text."""

    at: int
    ticker: str


class TickerFinder:
    """Finds tickers in texts; may be used from any thread.

    Give it a directory: `TickerFinder(listings, common_words)`. Without names it knows cashtags
    and exchange prefixes only.
    """

    def __init__(
        self, listings: Iterable[Listing] = (), common: frozenset[str] = frozenset()
    ) -> None:
        """Build the automaton over all names."""
        listed = list(listings)
        names = names_of(listed, common)
        self._known = frozenset(x.ticker for x in listed)
        self._common = common
        self._meanings: list[Name] = list(names.values())
        self._patterns = [_spaced(words) for words in names]
        self._own = _own_names(names)
        self._automaton = AhoCorasick(self._patterns, matchkind=MatchKind.LeftmostLongest)

    def find(self, symbols: tuple[str, ...], text: str) -> tuple[str, ...]:
        """Return the tickers an article is about, the feed's own first, then by first mention.

        >>> finder = TickerFinder([Listing("AAPL", "Apple Inc."), Listing("ON", "ON Semi")])
        >>> finder.find((), "Apple's suppliers rise; ON THE MOVE: $MSFT, (NYSE: IBM)")
        ('AAPL', 'MSFT', 'IBM')
        """
        clean = NOISE.sub(lambda m: " " * len(m.group()), text)
        named, brokers, spans = self._names(clean)
        found = [Mention(m.start(), m.group(1)) for m in CASHTAG.finditer(clean)]
        found += [Mention(m.start(), m.group(1).upper()) for m in LISTED.finditer(clean)]
        self._in_brackets(clean, named, found)
        self._bare(clean, spans, found)
        if brokers and not RATES.search(clean):
            named += brokers
        found += named
        found.sort()
        return tuple(dict.fromkeys((*symbols, *(m.ticker for m in found))))

    def _names(self, text: str) -> tuple[list[Mention], list[Mention], list[tuple[int, int]]]:
        """Return mentions of names, companies' and brokers', and where names stand."""
        tokens = list(TOKEN.finditer(text))
        starts: dict[int, int] = {}
        pieces, length = [], 0
        for i, token in enumerate(tokens):
            starts[length] = i
            piece = f" {token.group().lower()} "
            pieces.append(piece)
            length += len(piece)
        named: list[Mention] = []
        brokers: list[Mention] = []
        spans: list[tuple[int, int]] = []
        for pattern, start, _end in self._automaton.find_matches_as_indexes("".join(pieces)):
            first = starts.get(start)
            if first is None:
                continue
            last = first + self._patterns[pattern].count("  ")
            name = self._meanings[pattern]
            words = [tokens[i].group() for i in range(first, last + 1)]
            if not all(
                w[0].isupper() or w[0].isdigit() or w in "s&-" for w in words[:1] + words[-1:]
            ):
                continue
            if name.weak and not _supported(tokens, last):
                continue
            spans.append((tokens[first].start(), tokens[last].end()))
            (brokers if name.broker else named).append(Mention(tokens[first].start(), name.ticker))
        return named, brokers, spans

    def _in_brackets(self, text: str, named: list[Mention], found: list[Mention]) -> None:
        for match in BRACKETED.finditer(text):
            inside = [dotted.strip(".-") for dotted in re.split(r"\s*[,/&;]\s*", match.group(1))]
            known = [t for t in inside if t in self._known]
            if len(inside) > 1:
                trusted = inside if len(inside) > 2 and len(known) * 3 >= len(inside) else known
                at = match.start()
                found += [Mention(at + i, t) for i, t in enumerate(trusted) if len(t) > 1]
                continue
            ticker = inside[0]
            behind = any(m.ticker == ticker and m.at < match.start() for m in named)
            before, end = text[: match.start()], match.end()
            if behind or self._owns(ticker, before) or self._credible(ticker, text, end):
                found.append(Mention(match.start(), ticker))

    def _bare(self, text: str, spans: list[tuple[int, int]], found: list[Mention]) -> None:
        if _shouting(text):
            return
        for match in VERSUS.finditer(text):
            if self._known.intersection(match.groups()):
                found += [Mention(match.start(i), match.group(i)) for i in (1, 2)]
        for match in CLASS.finditer(text):
            if match.group(1) in self._known:
                found.append(Mention(match.start(), match.group(1)))
        for match in BARE.finditer(text):
            if any(start <= match.start() < end for start, end in spans):
                continue
            ticker = match.group(1)
            if ticker not in self._known or ticker in ACRONYMS or ticker.lower() in self._common:
                continue
            if len(ticker) > 2 or _cue_after(text, match.end()):
                found.append(Mention(match.start(), ticker))

    def _credible(self, ticker: str, text: str, end: int) -> bool:
        """Tell whether a ticker in brackets is one by itself: known, or `stock` behind it."""
        if len(ticker) == 1 or ticker in ACRONYMS or ticker.lower() in self._common:
            return False
        return ticker in self._known or _cue_after(text, end)

    def _owns(self, ticker: str, before: str) -> bool:
        """Tell whether the words just before a bracket begin like one of the ticker's names."""
        first = self._own.get(ticker, set())
        return bool(first.intersection(words_of(before)[-5:]))


def _own_names(names: Mapping[tuple[str, ...], Name]) -> dict[str, set[str]]:
    own: dict[str, set[str]] = {}
    for words, name in names.items():
        own.setdefault(name.ticker, set()).add(words[0])
    return own


def _spaced(words: tuple[str, ...]) -> str:
    return "".join(f" {w} " for w in words)


def _supported(tokens: list[re.Match[str]], last: int) -> bool:
    """Tell whether what follows an ordinary word says that it is a company's name."""
    following = [t.group().lower() for t in tokens[last + 1 : last + 3]]
    if following[:1] == ["s"]:
        following = following[1:]
    return bool(following) and following[0] in OWNERS


def _cue_after(text: str, end: int) -> bool:
    following = [w.lower() for w in TOKEN.findall(text[end : end + 40])]
    if following[:1] == ["s"]:
        following = following[1:]
    return bool(following) and following[0] in CUES


def _shouting(text: str) -> bool:
    words = [w for w in TOKEN.findall(text) if len(w) > 1 and w.isalpha()]
    return bool(sum(w.isupper() for w in words) * 2 > len(words))
