"""Causality by cutting: what was decided by a moment must not change when the future is cut off.

Three findings are possible. An input may be known before it can be (a bar before its end, a text
before its revision). The operators may see ahead inside what they are given: run stamp by stamp,
they must say the same as in one block. And anything at all may look ahead: run again on the input
before a cut alone, everything before the cut must be the same.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Final, NamedTuple, cast

from connectors.market.calendar import new_york_sessions
from flows.replay.window import ReplayWindow
from messages.base import Message
from messages.codec import encode
from messages.learning import WeightChange
from messages.market import Bar
from messages.news import ScoredArticle
from messages.topics import NEWS_RAW
from messages.units import SECOND_US, to_datetime, to_micros
from operators.bar_filter import FUTURE_TOLERANCE_US
from operators.blocks import Event
from operators.learning.weights import SEED

WHOLE: Final = 2**62
# Runs inputs, up to a frontier, in blocks of a size, in a loop of its own.
Play = Callable[[list[Event], int, int], list[Event]]
Said = tuple[int, str, str, bytes]


class Leak(NamedTuple):
    """Something that knew of the future.

    Attributes:
        kind: `input`, `weight`, `block` (an operator saw ahead in its block) or `cut`.
        stamp: of the record that knew too much.
        id: of it.
        detail: what it shows.
    """

    kind: str
    stamp: int
    id: str
    detail: str


def leaks_of(window: ReplayWindow, samples: int) -> tuple[int, list[Leak]]:
    """Look for leaks in a window, in all three ways.

    Returns:
        How many cuts were made, and what was found: every early input, and the first leak of
        each other kind.
    """

    def play(events: list[Event], frontier: int, size: int) -> list[Event]:
        part = window.until(frontier)
        return part.play(part.recorded_loop(), events, size)

    whole = play(window.events, window.end, WHOLE)
    cuts = cuts_after(whole, window.events, samples)
    tolerance = window.archive.run.rules.sentiment.future_seconds * SECOND_US
    found = [*early_inputs(window.events, _versions(window), tolerance)]
    found += early_weights(window.weights, window.archive.run.rules.learning.cycle_sessions)
    found += first_leak(play, window.events, window.end, cuts)
    return len(cuts), found


def first_leak(play: Play, events: list[Event], end: int, cuts: Iterable[int]) -> list[Leak]:
    """Run whole, stamp by stamp, and cut; return the first leak of each kind."""
    whole = _said(play(events, end, WHOLE))
    found = _compare("block", whole, _said(play(events, end, 1)), end)
    for cut in cuts:
        known = [e for e in events if e.stamp < cut]
        if leak := _compare("cut", whole, _said(play(known, cut, WHOLE)), cut):
            return [*found, *leak]
    return found


def cuts_after(said: list[Event], events: list[Event], samples: int) -> list[int]:
    """Choose cuts right after moments at which something was said, evenly over all of them.

    There a look-ahead of a single bar shows: the bar it used lies behind the cut.
    """
    stamps = sorted({e.stamp for e in events})
    after: list[int] = []
    place = 0
    for stamp in sorted({e.stamp for e in said}):
        while place < len(stamps) and stamps[place] <= stamp:
            place += 1
        if place < len(stamps) and (not after or stamps[place] != after[-1]):
            after.append(stamps[place])
    if len(after) <= samples:
        return after
    return [after[i * len(after) // samples] for i in range(samples)]


def early_inputs(
    events: list[Event], versions: dict[tuple[str, int], tuple[int, str]], news_us: int = 0
) -> Iterator[Leak]:
    """Return the inputs that were known before they can have been, by what admission lets pass.

    Args:
        events: of the window.
        versions: (article id, revision) -> its stamp and title.
        news_us: so much earlier than its publication an article may be known, as clocks differ.
    """
    for stamp, _, body in events:
        if isinstance(body, Bar) and to_micros(body.event_time) > stamp + FUTURE_TOLERANCE_US:
            yield Leak("input", stamp, body.id, _moments("the bar's end", stamp, body))
        elif isinstance(body, ScoredArticle):
            if to_micros(body.published_at) > stamp + news_us:
                yield Leak("input", stamp, body.id, _moments("its publication", stamp, body))
            known = versions.get((body.article_id, body.article_revision))
            if known is None or known[0] > stamp:
                when = f"came at {to_datetime(known[0]):%F %T}" if known else "never came"
                detail = f"scored at {to_datetime(stamp):%F %T}; that version {when}"
                yield Leak("input", stamp, body.id, detail)
            elif known[1] != body.title:
                detail = f"the scored title {body.title!r} is not that version's, {known[1]!r}"
                yield Leak("input", stamp, body.id, detail)


def early_weights(weights: Iterable[Event], cycle_sessions: int) -> Iterator[Leak]:
    """Return the weights that hold sooner than one cycle after the one that they follow from.

    Args:
        weights: as they were recorded.
        cycle_sessions: sessions of a cycle.
    """
    ends = new_york_sessions().ends
    for stamp, _, body in weights:
        if not isinstance(body, WeightChange) or body.reason == SEED:
            continue
        decided, holds = to_micros(body.event_time), to_micros(body.effective_from)
        cycle = new_york_sessions().number_of(decided - 1) // cycle_sessions
        last = (cycle + 2) * cycle_sessions - 1
        if last < len(ends) and (holds <= ends[last] or stamp < holds):
            detail = (
                f"decided at {to_datetime(decided):%F %T} and read at {to_datetime(stamp):%F %T}, "
                f"holds from {to_datetime(holds):%F %T}; the next cycle ends at "
                f"{to_datetime(ends[last]):%F %T}"
            )
            yield Leak("weight", stamp, body.id, detail)


def _moments(what: str, stamp: int, body: Bar | ScoredArticle) -> str:
    at = body.event_time if isinstance(body, Bar) else body.published_at
    return f"known at {to_datetime(stamp):%F %T}, before {what} at {at:%F %T}"


def _versions(window: ReplayWindow) -> dict[tuple[str, int], tuple[int, str]]:
    found: dict[tuple[str, int], tuple[int, str]] = {}
    for row, article in window.archive.messages(NEWS_RAW):
        if row.stamp < window.end:
            found.setdefault((article.id, article.revision), (row.stamp, article.title))
    return found


def _said(events: list[Event]) -> list[Said]:
    """Return what was said in an order that does not depend on blocks."""
    return sorted(
        (e.stamp, type(e.body).__name__, e.key, encode(cast("Message", e.body))) for e in events
    )


def _compare(kind: str, whole: list[Said], part: list[Said], cut: int) -> list[Leak]:
    wanted = [said for said in whole if said[0] < cut]
    found = [said for said in part if said[0] < cut]
    if wanted == found:
        return []
    n = next(
        (i for i, (a, b) in enumerate(zip(wanted, found, strict=False)) if a != b),
        min(len(wanted), len(found)),
    )
    old = wanted[n] if n < len(wanted) else None
    new = found[n] if n < len(found) else None
    stamp = min(said[0] for said in (old, new) if said is not None)
    limit = "stamp by stamp" if kind == "block" else f"without what comes from {_time(cut)} on"
    detail = f"with the future: {_words(old)}; {limit}: {_words(new)}"
    return [Leak(kind, stamp, _id(old or new), detail)]


def _time(stamp: int) -> str:
    return f"{to_datetime(stamp):%F %T}"


def _words(said: Said | None) -> str:
    return "nothing" if said is None else f"{said[1]} {said[3].decode()[:300]}"


def _id(said: Said | None) -> str:
    return "" if said is None else said[3].decode().split('"id":"', 1)[-1].split('"', 1)[0]
