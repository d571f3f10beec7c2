"""Which tickers an article is about.

Evidence, in this order of trust: tickers the feed names; cashtags ($AAPL); an exchange before it
(NASDAQ: AAPL); brackets behind a name (Apple (AAPL)) or a list of them; names (Apple Inc, Apple's),
found by one pass of an Aho-Corasick automaton; and a bare ticker (NVDA & AVGO) that is no word.
Look-alikes (ALL, IT, ON, CEO) count only with evidence besides their letters. The title and the
first paragraph carry the subject; what is below counts only where they name none, and then only
what an exchange or a `$` stands before.
"""

import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Final, NamedTuple

from ahocorasick_rs import AhoCorasick, MatchKind

from operators.news.cues import (
    are_forms,
    cue_after,
    follows,
    goes_on,
    in_a_row,
    is_abbreviation,
    is_amount,
    is_capital,
    is_end,
    is_shouting,
    is_source,
    is_supported,
)  # fmt: skip
from operators.news.directory import (
    TOKEN,
    Listing,
    Name,
    classmates,
    names_of,
    plain,
    words_of,
)
from operators.news.evidence import (
    ABROAD,
    AMEX,
    BARE,
    BRACKETED,
    BUTTONS,
    CASHTAG,
    CLASS,
    LISTED,
    NOISE,
    SAID_ON,
    STOCK,
    VERSUS,
    blank,
)  # fmt: skip
from operators.news.filings import filing_of
from operators.news.mentions import Found, Mention
from operators.news.neighbours import is_anothers, is_longer
from operators.news.renames import TODAY, Renames
from operators.news.symbols import CLASSES, dotted, symbol_of
from operators.news.words import ACRONYMS, NETWORKS, RATES, SUBJECTS

READ: Final = 4_000  # characters of an article's text that are looked through
LEAD: Final = 600  # characters of a text without paragraphs that are its first one
SHORT: Final = 80  # characters of a line that is no paragraph
BETWEEN: Final = ". "  # title and content


class Lists(NamedTuple):
    """What is known besides the directory; all words in lower case.

    Attributes:
        common: ordinary words that are also tickers or names.
        people: first names.
        others: what no company is, unless a directory lists it.
        exchanges: exchanges and indices, whatever a directory lists.
        no_stocks: what `$` stands before though it is no stock, in capitals.
        renames: of tickers.
    """

    common: frozenset[str] = frozenset()
    people: frozenset[str] = frozenset()
    others: tuple[str, ...] = ()
    exchanges: tuple[str, ...] = ()
    no_stocks: frozenset[str] = frozenset()
    renames: Renames = Renames()


class TickerFinder:
    """Finds tickers in texts; may be used from any thread.

    Give it a directory: `TickerFinder(listings, lists)`. Without names it knows cashtags and
    exchange prefixes only.
    """

    def __init__(self, listings: Iterable[Listing] = (), lists: Lists = Lists()) -> None:  # noqa: B008
        """Build the automaton over all names."""
        self._lists = lists
        renames = lists.renames
        listed = [x._replace(ticker=renames.heir(x.ticker)) for x in listings]
        names: dict[tuple[str, ...], Name] = {tuple(words_of(x)): Name("") for x in lists.exchanges}
        for words, name in names_of(listed, lists.common, lists.people).items():
            names.setdefault(words, name)
        for other in lists.others:
            names.setdefault(tuple(words_of(other)), Name(""))
        self._companies = classmates(listed)
        self._known = frozenset(x.ticker for x in listed) | renames.tickers
        self._meanings: list[Name] = list(names.values())
        self._names_of_companies = names
        self._single = frozenset(w[0] for w, n in names.items() if len(w) == 1 and n.ticker)
        self._patterns = [_spaced(words) for words in names]
        self._own = _own_names(names)
        self._automaton = AhoCorasick(self._patterns, matchkind=MatchKind.LeftmostLongest)

    def find(
        self, symbols: tuple[str, ...], title: str, content: str = "", at: datetime | None = None
    ) -> tuple[str, ...]:
        """Return the tickers an article is about, the feed's own first, then by first mention.

        Args:
            symbols: tickers the feed names, in any spelling.
            title: of the article, or the whole of a short text.
            content: what is below it.
            at: when it was published, by which renamed tickers are told; None: today's.

        >>> finder = TickerFinder([Listing("AAPL", "Apple Inc."), Listing("ON", "ON Semi")])
        >>> finder.find((), "Apple's suppliers rise; ON THE MOVE: $MSFT, (NYSE: IBM)")
        ('AAPL', 'MSFT', 'IBM')
        """
        return self.read(symbols, title, content, at).tickers

    def read(
        self, symbols: tuple[str, ...], title: str, content: str = "", at: datetime | None = None
    ) -> Found:
        """Return what `find` does, and where each ticker is named; a feed's may be nowhere.

        That a feed names a ticker is evidence for words that would be too little alone.
        """
        day = TODAY if at is None else at.date().isoformat()
        own = [self._today(symbol_of(s, self._lists.no_stocks), day) for s in symbols]
        tagged = frozenset(own)
        filing = filing_of(title)
        if filing is not None:
            filers = self._filer(filing.name, day)
            found = [Mention(0, ticker, len(title)) for ticker in filers]
        elif not title or not content:
            if not title and len(content) > LEAD:
                found = self._whole("", content, day, tagged)
            else:
                found = self._in(title or content[:READ], day, tagged)
        else:
            found = self._whole(title, content, day, tagged)
        named = tuple(m for m in found if m.ticker and m.ticker[0] != "-")
        tickers = dict.fromkeys(
            (*(t for t in own if t and t[0] != "-"), *(m.ticker for m in named))
        )
        return Found(tuple(tickers), named)

    def company_of(self, ticker: str) -> str:
        """Return one ticker for all share classes of a company: GOOG and GOOGL, BRK.A and BRK.B."""
        return self._companies.get(ticker, ticker.partition(".")[0])

    def _whole(self, title: str, content: str, day: str, tagged: frozenset[str]) -> list[Mention]:
        end = lead_end(content)
        lead = content[:end]
        if _has_network(lead):
            lead = blank(SAID_ON, lead)
        found = self._in(f"{title}{BETWEEN}{lead}" if title else lead, day, tagged)
        if not any(m.ticker for m in found if m.ticker[:1] != "-"):
            strong: list[Mention] = []
            self._strong(content[end:READ], strong, day)
            start = end + (len(title) + len(BETWEEN) if title else 0)
            found = [Mention(m.at + start, m.ticker, m.end + start) for m in sorted(strong)]
        return found

    def _in(self, text: str, day: str, tagged: frozenset[str]) -> list[Mention]:
        clean = plain(blank(NOISE, text) if "@" in text or "http" in text else text)
        if _has_network(clean):
            clean = blank(BUTTONS, clean)
        found: list[Mention] = []
        clean = self._strong(clean, found, day)
        if "AMEX" in clean:
            clean = blank(AMEX, clean)
        named, brokers, spans = self._names(clean, day, tagged)
        written: list[Mention] = []
        self._in_brackets(clean, named + brokers, written)
        self._bare(clean, spans, written, tagged)
        found += [m._replace(ticker=self._today(m.ticker, day)) for m in written]
        if brokers and not RATES.search(clean):
            named += brokers
        found += named
        found.sort()
        return found

    def _today(self, ticker: str, day: str) -> str:
        return self._lists.renames.written(ticker, day)

    def _filer(self, name: str, day: str) -> list[str]:
        """Return the company that a filing names to the letter."""
        words = tuple(words_of(name))
        for size in range(len(words), 0, -1):
            known = self._names_of_companies.get(words[:size])
            if known is not None and are_forms(words[size:], weak=known.weak):
                return [self._lists.renames.named(known.ticker, day)] if known.ticker else []
        full = tuple("company" if w == "co" else w for w in words)
        known = self._names_of_companies.get(full)
        return [self._lists.renames.named(known.ticker, day)] if known is not None else []

    def _strong(self, text: str, found: list[Mention], day: str) -> str:
        """Find cashtags and tickers behind an exchange; return the text without them."""
        if "$" in text:
            for match in CASHTAG.finditer(text):
                ticker = self._cashtag(match)
                if ticker:
                    found.append(Mention(match.start(), self._today(ticker, day), match.end()))
        if ":" not in text:
            return text
        for match in LISTED.finditer(text):
            inside = [dotted(t.upper()) for t in re.split(r"\s*[,;&]\s*", match[1])]
            if self._is_tag(text, match, inside[0]):
                found += [
                    Mention(match.start() + i, self._today(t, day), match.end())
                    for i, t in enumerate(inside)
                ]
        return blank(ABROAD, blank(LISTED, text))

    def _cashtag(self, match: re.Match[str]) -> str:
        root, letter, abroad = match.groups()
        if abroad or root in self._lists.no_stocks:
            return ""
        if not letter:
            return root
        ticker = f"{root}.{letter.upper()}"
        if ticker in self._known or letter.upper() in CLASSES:
            return ticker
        return ""

    def _is_tag(self, text: str, match: re.Match[str], ticker: str) -> bool:
        """Tell whether what follows an exchange is a ticker, not a word in capitals."""
        before = text[: match.start()].rstrip()[-1:]
        if before in ("(", "[", ",", ";", "/") or ": " not in match.group():
            return True
        rest = text[match.end() : match.end() + 2]
        if len(ticker) == 1 or ticker in ACRONYMS or ticker.lower() in self._lists.common:
            return rest[:1] in ("", ")", "]", ",", ";")
        return ticker in self._known or rest[:1] in ("", ")", "]", ",", ";")

    def _names(
        self, text: str, day: str, tagged: frozenset[str]
    ) -> tuple[list[Mention], list[Mention], list[tuple[int, int]]]:
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
        doubtful: list[tuple[tuple[int, int], str]] = []
        spans: list[tuple[int, int]] = []
        for pattern, start, _end in self._automaton.find_matches_as_indexes("".join(pieces)):
            first = starts.get(start)
            if first is None:
                continue
            last = first + self._patterns[pattern].count("  ")
            name = self._meanings[pattern]
            span = (tokens[first].start(), tokens[last].end())
            if not name.ticker:
                spans.append(span)
                continue
            if not (is_capital(tokens[first].group()) and is_end(tokens[last].group())):
                continue
            weak = (
                name.weak
                and (name.common or self._lists.renames.named(name.ticker, day) not in tagged)
                and not is_supported(tokens, first, last, common=name.common)
            )
            if weak and not name.given:
                continue
            if name.common and goes_on(tokens, first):
                continue
            if is_amount(text, span) or (name.broker and is_source(text, span)):
                continue
            if is_anothers(text, tokens, first, last, self._single, self._lists.people):
                continue
            if not name.given and first == last and is_longer(tokens, last):
                continue
            ticker = self._lists.renames.named(name.ticker, day)
            if weak:
                doubtful.append((span, ticker))
                continue
            spans.append(span)
            rates = name.broker and not follows(tokens, last, SUBJECTS, 2)
            (brokers if rates else named).append(Mention(span[0], ticker, span[1]))
        for span, ticker in doubtful:
            if in_a_row(text, span, spans):
                spans.append(span)
                named.append(Mention(span[0], ticker, span[1]))
        return named, brokers, spans

    def _in_brackets(self, text: str, named: list[Mention], found: list[Mention]) -> None:
        for match in BRACKETED.finditer(text):
            whole = dotted(match.group(1))
            if whole in self._known and len(whole) > 1:
                inside = [whole]
            else:
                inside = [dotted(t.strip(".-")) for t in re.split(r"\s*[,/&;]\s*", match.group(1))]
            known = [t for t in inside if t in self._known]
            if len(inside) > 1:
                trusted = inside if len(inside) > 2 and len(known) * 3 >= len(inside) else known
                at = match.start()
                end = match.end()
                found += [Mention(at + i, t, end) for i, t in enumerate(trusted) if len(t) > 1]
                continue
            ticker = inside[0]
            before, end = text[: match.start()], match.end()
            behind = any(m.ticker == ticker and m.at < match.start() for m in named)
            if (
                behind
                or self._owns(ticker, before)
                or self._credible(ticker, text, end)
                or (self._is_no_word(ticker) and is_abbreviation(ticker, before[-60:]))
            ):
                found.append(Mention(match.start(), ticker, end))

    def _bare(
        self, text: str, spans: list[tuple[int, int]], found: list[Mention], tagged: frozenset[str]
    ) -> None:
        known = self._known if tagged <= self._known else self._known | tagged
        bare = [m for m in BARE.finditer(text) if m.group(1) in known]
        paired = VERSUS.finditer(text) if " v" in text else ()
        pairs = [m for m in paired if self._known.intersection(m.groups())]
        classes = [m for m in CLASS.finditer(text) if dotted(m.group(1)) in self._known]
        if not (bare or pairs or classes) or is_shouting(text):
            return
        for match in pairs:
            found += [Mention(match.start(i), match.group(i), match.end(i)) for i in (1, 2)]
        found += [Mention(m.start(), dotted(m.group(1)), m.end()) for m in classes]
        for match in bare:
            if any(start <= match.start() < end for start, end in spans):
                continue
            ticker = match.group(1)
            if ticker in self._lists.no_stocks:
                continue
            if ticker in tagged and ticker not in ACRONYMS:
                found.append(Mention(match.start(), ticker, match.end(1)))
            elif not self._is_no_word(ticker):
                if len(ticker) > 2 and ticker not in ACRONYMS and STOCK.match(text, match.end()):
                    found.append(Mention(match.start(), ticker, match.end(1)))
            elif len(ticker) > 2 or cue_after(text, match.end()):
                found.append(Mention(match.start(), ticker, match.end(1)))

    def _is_no_word(self, ticker: str) -> bool:
        return not (
            ticker in ACRONYMS
            or ticker in self._lists.no_stocks
            or ticker.lower() in self._lists.common
        )

    def _credible(self, ticker: str, text: str, end: int) -> bool:
        """Tell whether a ticker in brackets is one by itself: known, or `stock` behind it."""
        if len(ticker) == 1 or not self._is_no_word(ticker):
            return False
        return ticker in self._known or cue_after(text, end)

    def _owns(self, ticker: str, before: str) -> bool:
        """Tell whether the words just before a bracket begin like one of the ticker's names."""
        first = self._own.get(ticker, set())
        return bool(first.intersection(words_of(before[-80:])[-5:]))


def lead_end(content: str) -> int:
    """Return where the first paragraph ends: at a line's end, or after some sentences."""
    end = content.find("\n", SHORT)
    return min(end if end >= 0 else LEAD, LEAD)


def _own_names(names: Mapping[tuple[str, ...], Name]) -> dict[str, set[str]]:
    own: dict[str, set[str]] = {}
    for words, name in names.items():
        own.setdefault(name.ticker, set()).add(words[0])
    return own


def _spaced(words: tuple[str, ...]) -> str:
    return "".join(f" {w} " for w in words)


def _has_network(text: str) -> bool:
    return any(network in text for network in NETWORKS)
