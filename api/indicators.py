"""Indicators of a chart: what the technical strategies see, by their own functions and settings."""

from collections import deque
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Literal

from operators.params import Params

Indicator = Literal["sma", "volume_sma", "rsi"]
Line = list[float | None]


def warm_up(params: Params) -> int:
    """Return how many bars before a chart settle its indicators.

    Wilder's averages forget by (period - 1) / period a bar: after twenty periods less than a
    billionth of what came before is left.
    """
    return 20 * max(params.momentum.window, params.mean_reversion.period)


def line_of(
    name: Indicator, closes: Sequence[Decimal], volumes: Sequence[int], params: Params
) -> Line:  # fmt: skip
    """Return an indicator at each bar; None while it has too few bars.

    Args:
        name: `sma`, mean close of momentum's window, dollars; `volume_sma`, mean volume of it,
            shares; `rsi` of mean reversion's period, 0 to 100.
        closes: of the bars, oldest first, dollars.
        volumes: of the bars.
        params: of the run.
    """
    if name == "rsi":
        return list(_rsi([float(close) for close in closes], params.mean_reversion.period))
    values = closes if name == "sma" else [Decimal(volume) for volume in volumes]
    return list(_means(values, params.momentum.window))


def _means(values: Iterable[Decimal], window: int) -> Iterable[float | None]:
    last = deque[Decimal](maxlen=window)
    for value in values:
        last.append(value)
        yield float(sum(last)) / window if len(last) == window else None  # the sum is exact


def _rsi(closes: Iterable[float], period: int) -> Iterable[float | None]:
    # Here, as it brings the compiler with it, which an API without charts has no use for.
    from operators.strategies.mean_reversion import rsi_of, wilder

    gain = loss = before = 0.0
    for seen, close in enumerate(closes):
        if seen:
            gain = wilder(gain, max(close - before, 0.0), seen, period)
            loss = wilder(loss, max(before - close, 0.0), seen, period)
        before = close
        yield rsi_of(gain, loss) if seen >= period else None
