"""What each strategy saw of a ticker at one bar, number by number, and what its rule asked for.

For people: the strategies themselves never look at this. Every number is computed by the same
compiled step from the same state.
"""

from typing import Any, NamedTuple

import numpy as np

from messages.market import Bar
from messages.trading import SentimentContext
from messages.units import to_dollars, to_units
from operators.params import MEAN_REVERSION, MOMENTUM, NEWS_DRIVEN, Params
from operators.strategies.mean_reversion import rsi_of
from operators.strategies.news_driven import opinion
from operators.strategies.technical import (
    PREV_C,
    PREV_SUM,
    SUM_C,
    SUM_V,
    N,
    RowsState,
    TickerRows,
    step_bars,
)


class Reading(NamedTuple):
    """One strategy's view.

    Attributes:
        strength: signed; 0 is no vote.
        numbers: (name, value, what a vote needs).
    """

    strategy: str
    strength: float
    numbers: tuple[tuple[str, str, str], ...]


def technical(state: RowsState | None, bar: Bar, params: Params) -> tuple[Reading, Reading]:
    """Return what momentum and mean reversion make of a bar.

    Args:
        state: snapshot of the strategies' rows before the bar; None before the first bar.
        bar: the next one of its ticker.
        params: of the run.
    """
    rows = TickerRows(params.momentum.window, state)
    k = rows.row(bar.ticker)
    before = rows.state[k].copy()
    momentum, reversion = np.empty(1), np.empty(1)
    p = params.mean_reversion
    step_bars(
        np.array([k]), np.array([to_units(bar.close)]), np.array([bar.volume]),
        rows.state, rows.closes, rows.volumes, rows.averages,
        params.momentum.window, params.momentum.full_strength,
        p.period, p.low, p.high, p.full_strength, momentum, reversion,
    )  # fmt: skip
    after, averages = rows.state[k], rows.averages[k]
    return (
        Reading(MOMENTUM, float(momentum[0]), _momentum(before, after, bar, params)),
        Reading(MEAN_REVERSION, float(reversion[0]), _reversion(int(after[N]), averages, params)),
    )


def news(context: SentimentContext | None, params: Params) -> Reading:
    """Return what the news-driven strategy makes of a ticker's window."""
    p = params.news_driven
    if context is None:
        return Reading(NEWS_DRIVEN, 0.0, (("articles", "0", "at least 1"),))
    numbers = (
        ("articles", str(context.count), "at least 1"),
        ("decayed mean score", f"{context.decayed_mean:+.3f}", f"beyond +-{p.threshold:g}"),
        ("mean confidence", f"{context.confidence:.3f}", f"above {p.min_confidence:g}"),
    )
    return Reading(NEWS_DRIVEN, opinion(context, p), numbers)


def _momentum(
    before: Any, after: Any, bar: Bar, params: Params
) -> tuple[tuple[str, str, str], ...]:
    window, seen = params.momentum.window, int(before[N])
    if seen < window:
        return (("bars before this one", str(seen), f"at least {window}"),)
    mean, old = after[SUM_C] / window, before[PREV_SUM] / window
    return (
        (
            "close before",
            f"{to_dollars(int(before[PREV_C])):g}",
            f"LONG: at or below its mean {old / 10_000:.4f}; SHORT: at or above",
        ),
        ("close", f"{bar.close:g}", f"LONG: above its mean {mean / 10_000:.4f}; SHORT: below"),
        ("volume", f"{bar.volume:,}", f"LONG: above its mean {after[SUM_V] / window:,.1f}"),
    )


def _reversion(seen: int, averages: Any, params: Params) -> tuple[tuple[str, str, str], ...]:
    p = params.mean_reversion
    if seen <= p.period:
        return (("bars with this one", str(seen), f"at least {p.period + 1}"),)
    gain, loss = float(averages[0]), float(averages[1])
    wanted = f"LONG: below {p.low:g}; SHORT: above {p.high:g}"
    return ((f"RSI {p.period}", f"{rsi_of(gain, loss):.2f}", wanted),)
