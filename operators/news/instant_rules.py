"""What a sentence says by rule: figures that move, signs, denials, bad events that end.

A text is read once, word by word. `Reading` adds marks for what it finds, and names the words that
mean something else where they stand: a negated word, a lawsuit that was dismissed, the costs and
the fall in `costs fall`. These words count as words of their own.
"""

from typing import Final, NamedTuple
from zlib import crc32

from operators.news.instant_words import (
    BAD,
    CUT,
    DOWN,
    ENDS,
    EVENT,
    FINE,
    GOOD,
    HOPE,
    LOSES,
    MINUS,
    MOVE,
    NOT,
    NOUN,
    POOR,
    SIGNED,
    THAN,
    TURN,
    UP,
)

BITS: Final = 20
MASK: Final = (1 << BITS) - 1
NEGATED, ENDED, INVERSE = 1, 2, 3  # why a word counts as another one
NEAR: Final = 3  # words a negator, or a move before its figure, reaches
EVENT_REACH: Final = 5  # words from what ends something to what it ends
REACH: Final = 9  # words between a figure's name and its verb
FAR: Final = -99
MOST: Final = 3  # more good or bad words than that count as that many


class Word(NamedTuple):
    """One word of a text: its hashes, what kinds it is of, and its value if it is a number."""

    hash: int
    more: tuple[int, ...]
    kind: int
    value: float | None


def mark(name: str) -> int:
    """Return the hash of a mark."""
    return crc32(f"@{name}".encode()) & MASK


_NAMES: Final = {GOOD: "good", BAD: "bad", UP: "up", DOWN: "down"}
_MOVED: Final = {(n, m): mark(f"{_NAMES[n]} {_NAMES[m]}") for n in (GOOD, BAD) for m in (UP, DOWN)}
_SIGNED: Final = {(n, d): mark(f"{n} {d}") for n in ("sign", "bad sign") for d in (1, -1)}
_NOT_MOVED: Final = {UP: mark("not up"), DOWN: mark("not down")}
_MORE: Final = {GOOD: mark("good more"), BAD: mark("bad more")}
_LESS: Final = {GOOD: mark("good less"), BAD: mark("bad less")}
_INTO_PROFIT, _INTO_LOSS = mark("into profit"), mark("into loss")
_ENDS_BAD, _NOT_ENDS_BAD, _ENDS_GOOD = mark("ends bad"), mark("not ends bad"), mark("ends good")
_NOT: Final = {1: mark("not fine"), -1: mark("not poor")}
_BARE: Final = mark("bad figure")
_NONE: Final = mark("tone none")
_FIRST: Final = {d: mark(f"first {d}") for d in (1, -1)}
_LAST: Final = {d: mark(f"last {d}") for d in (1, -1)}
_TONE: Final = {(g, b): mark(f"tone {g} {b}") for g in range(MOST + 1) for b in range(MOST + 1)}
_FINE: Final = {n: mark(f"fine {n}") for n in range(1, MOST + 1)}
_POOR: Final = {n: mark(f"poor {n}") for n in range(1, MOST + 1)}
_NET: Final = {n: mark(f"net {n}") for n in range(-MOST, MOST + 1)}


class Reading:
    """Reads the words of one text.

    Attributes:
        marks: what was found.
        summary: the mark for how many words are good and bad.
        other: the words, by their place, that count as others, and why.
    """

    __slots__ = (
        "_amount", "_at", "_compared", "_end", "_end_negated", "_event", "_hope", "_lose", "_move",
        "_move_at", "_neg", "_noun", "_tone", "marks", "other", "summary",
    )  # fmt: skip

    def __init__(self, words: list[Word]) -> None:
        """Read the words."""
        self.marks: set[int] = set()
        self.other: dict[int, int] = {}
        self._tone: dict[int, int] = {}  # of words, by their place: 1 good, -1 bad
        self._noun = self._move = 0
        self._at = self._move_at = self._neg = FAR
        self._end = self._lose = self._event = self._hope = FAR
        self._end_negated = self._compared = False
        self._amount: float | None = None
        for i, word in enumerate(words):
            if word.kind:
                self._known(i, word)
            elif word.value is not None:
                self._number(i, word.value)
            elif i - self._neg <= NEAR:
                self.other[i] = NEGATED
        self._sum_up()

    def _known(self, i: int, word: Word) -> None:
        kind = word.kind
        if kind & (CUT | TURN):
            self._turn(kind)
            return
        if kind & SIGNED:
            self._sign(i, kind)
            return
        negated = i - self._neg <= NEAR
        if kind & THAN:
            self._compared = True
        tone = 1 if kind & FINE else -1 if kind & POOR else 0
        if kind & (ENDS | LOSES):
            self._ends(i, kind, negated=negated)
        if kind & (EVENT | HOPE):
            tone = self._thing(i, kind, tone)
        if kind & NOUN:
            self._figure(i, kind & NOUN, tone, negated=negated)
        if kind & MOVE:
            moved = self._moves(i, kind & MOVE, negated=negated)
            tone = tone or moved
        if tone:
            if negated:
                self.marks.add(_NOT[tone])
                tone = -tone
            self._tone[i] = tone
        if negated and i not in self.other:
            self.other[i] = NEGATED
        if kind & NOT:
            self._neg = i

    def _turn(self, kind: int) -> None:
        """What ends, or moves, before a comma or an `after` does not bear on what follows."""
        self._end = self._lose = self._move_at = FAR
        self._move = 0
        if self._noun == BAD:
            self._noun = 0
        if kind & CUT:
            self._neg = self._event = self._hope = FAR

    def _sign(self, i: int, kind: int) -> None:
        way = -1 if kind & MINUS else 1
        self.marks.add(_SIGNED["sign", way])
        if self._noun == BAD and i - self._at <= NEAR:
            self.marks.add(_SIGNED["bad sign", way])
            self.other[i] = INVERSE
            way = -way
        self._tone[i] = way

    def _number(self, i: int, value: float) -> None:
        """A figure's value, or the earlier one that it is compared with."""
        amount, noun = self._amount, self._noun
        if self._compared and amount is not None and noun:
            if value != amount:
                more = amount > value
                self.marks.add((_MORE if more else _LESS)[noun])
                self._tone[i] = 1 if more == (noun == GOOD) else -1
            self._compared, self._amount = False, None
        elif not self._compared and (amount is None or i - self._at < REACH):
            self._amount = value

    def _ends(self, i: int, kind: int, *, negated: bool) -> None:
        """What ends something: a thing named before it, or one that comes after."""
        far = self._at > self._event and kind & MOVE  # then it is a figure that drops
        if kind & ENDS and 0 < i - self._event < EVENT_REACH and not far:
            self.marks.add(_NOT_ENDS_BAD if negated else _ENDS_BAD)
            self._tone[self._event] = -1 if negated else 1
            if not negated:
                self.other[self._event] = self.other[i] = ENDED
        elif kind & LOSES and 0 < i - self._hope < EVENT_REACH:
            self.marks.add(_ENDS_GOOD)
            self._tone[self._hope] = -1
        if kind & ENDS:
            self._end, self._end_negated = i, negated
        if kind & LOSES and not negated:
            self._lose = i

    def _thing(self, i: int, kind: int, tone: int) -> int:
        """An event or a good thing; return whether it is good here."""
        if kind & EVENT:
            self._event = i
            tone = -1
            if 0 < i - self._end <= EVENT_REACH:
                if self._end_negated:
                    self.marks.add(_NOT_ENDS_BAD)
                    self._tone[self._end] = -1
                else:
                    self.marks.add(_ENDS_BAD)
                    self._all_ended(i)
                    tone = 1
        else:
            self._hope = i
            if 0 < i - self._lose < EVENT_REACH:
                self.marks.add(_ENDS_GOOD)
                tone = -1
        return tone

    def _all_ended(self, i: int) -> None:
        """From what ends an event to the event, as in `throws out fraud charges`."""
        for n in range(self._end, i + 1):
            if n in (self._end, i) or self._tone.get(n, 0) < 0:
                self.other[n] = ENDED
                self._tone.pop(n, None)

    def _figure(self, i: int, noun: int, tone: int, *, negated: bool) -> None:
        """A figure's name: profit, costs."""
        if self._compared and self._noun and self._noun != noun:
            self.marks.add(_INTO_PROFIT if noun == BAD else _INTO_LOSS)
            self._tone[i] = 1 if noun == BAD else -1
        if self._move and i - self._move_at <= NEAR:
            self.marks.add(_MOVED[noun, self._move])
            way = 1 if (noun == GOOD) == (self._move == UP) else -1
            self._tone[self._move_at] = -way if negated else way
            if noun == BAD:
                self.other[i] = self.other[self._move_at] = INVERSE
        elif noun == BAD and not tone:
            self.marks.add(_BARE)
        self._noun, self._at = noun, i

    def _moves(self, i: int, move: int, *, negated: bool) -> int:
        """A move up or down; return whether it is good."""
        way = 1 if move == UP else -1
        if self._noun and i - self._at <= REACH:
            self.marks.add(_MOVED[self._noun, move])
            if self._noun == BAD:
                way = -way
                if i - self._at < EVENT_REACH:
                    self.other[i] = self.other[self._at] = INVERSE
        if negated:
            self.marks.add(_NOT_MOVED[move])
        self._move, self._move_at = move, i
        return way

    def _sum_up(self) -> None:
        """Add marks for how many words are good and bad, and which come first and last."""
        add, tone = self.marks.add, self._tone
        if not tone:
            add(_NONE)
            self.summary = _NONE
            return
        fine = sum(way > 0 for way in tone.values())
        poor = len(tone) - fine
        add(_FIRST[tone[min(tone)]])
        add(_LAST[tone[max(tone)]])
        add(_NET[max(-MOST, min(MOST, fine - poor))])
        fine, poor = min(fine, MOST), min(poor, MOST)
        self.summary = _TONE[fine, poor]
        add(self.summary)
        if fine:
            add(_FINE[fine])
        if poor:
            add(_POOR[poor])
