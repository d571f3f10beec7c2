"""What a backtest is asked for, read from words; and the presets."""

from collections.abc import Sequence
from dataclasses import asdict, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from pydantic import TypeAdapter, ValidationError

from connectors.market.calendar import NEW_YORK
from messages.errors import TidewireError
from messages.units import to_micros
from operators.params import (
    MEAN_REVERSION,
    MOMENTUM,
    STRATEGIES,
    FillParams,
    Params,
    RiskParams,
)

# The common job that engines are compared by: it has none of these checks.
JOB_V1: Final = Params(
    risk=RiskParams(
        off=(
            "MARKET_CLOSED",
            "STALE_PRICE",
            "BUYING_POWER",
            "MAX_PARTICIPATION",
            "MAX_POSITION_PCT",
        )
    ),
    fills=FillParams(slippage_bps=0, commission_per_share=100),
)
JOB_WEIGHTS: Final = {MOMENTUM: 0.5, MEAN_REVERSION: 0.5}
# Commissions of well-known kinds: names of FillParams with their values.
COMMISSIONS: Final[dict[str, dict[str, int]]] = {
    "none": {"commission_per_share": 0, "commission_bps": 0},
    "alpaca": {
        "commission_per_share": 0,
        "commission_bps": 0,
        "sell_fee_ppm": 28,
        "sell_fee_per_1000": 1_660,
    },
}


class CannotBacktest(TidewireError, ValueError):
    """A backtest is asked for what is not there. Operator action: see the message."""


def parse_set(text: str) -> tuple[str, str, str]:
    """Read `strategies.momentum.weight=0` or `risk.cooldown_minutes=45`.

    Raises:
        CannotBacktest: it is not of that form.
    """
    path, equals, value = text.partition("=")
    parts = path.removeprefix("strategies.").split(".")
    if not equals or len(parts) != 2:
        reason = f"--set {text}: write GROUP.NAME=VALUE, such as strategies.momentum.weight=0."
        raise CannotBacktest(reason)
    return parts[0], parts[1], value


def with_settings(params: Params, sets: Sequence[tuple[str, str, str]]) -> Params:
    """Return parameters with some set by name.

    Args:
        params: to start from.
        sets: (group, name, value) each.

    Raises:
        CannotBacktest: a name is unknown, or a value is out of range.
    """
    values = asdict(params)
    for group, name, value in sets:
        if name not in values.get(group, {}):
            known = ", ".join(f"{g}.{n}" for g in values for n in values[g])
            reason = f"{group}.{name}: there is no such parameter; there are {known}."
            raise CannotBacktest(reason)
        values[group][name] = value
    return params_of(values)


def params_of(values: dict[str, Any]) -> Params:
    """Return parameters from plain values, checked.

    Raises:
        CannotBacktest: a value is out of range.
    """
    try:
        return TypeAdapter(Params).validate_python(values)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(map(str, first["loc"]))
        reason = f"{where}={first['input']}: {first['msg']}."
        raise CannotBacktest(reason) from None


def weights_of(text: str, names: Sequence[str] = STRATEGIES) -> dict[str, float]:
    """Read `momentum=0.5,mean_reversion=0.5`; equal ones where nothing is said.

    Args:
        text: may be empty.
        names: of all strategies.

    Raises:
        CannotBacktest: it is not of that form.
    """
    if not text:
        return dict.fromkeys(names, 1 / len(names))
    found: dict[str, float] = {}
    for part in text.split(","):
        name, _, value = part.strip().partition("=")
        try:
            weight = float(value)
        except ValueError:
            weight = -1.0
        if name not in names or not 0 <= weight <= 1:
            known = ", ".join(names)
            reason = f"--weights {part}: write NAME=0..1 with a name of {known}."
            raise CannotBacktest(reason)
        found[name] = weight
    return found


def moment_of(text: str, option: str) -> datetime | None:
    """Read a day or a time of New York; None for an empty text.

    Raises:
        CannotBacktest: it is neither.
    """
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        reason = f"{option} {text}: write YYYY-MM-DD or YYYY-MM-DDTHH:MM."
        raise CannotBacktest(reason) from None
    return (moment if moment.tzinfo else moment.replace(tzinfo=NEW_YORK)).astimezone(UTC)


def warmed_up(first: datetime | None, days: int) -> tuple[datetime | None, int]:
    """Return from when to read and from which stamp to trade.

    Raises:
        CannotBacktest: a warm-up without a first day.
    """
    if days and first is None:
        reason = "--warm-up needs --from: it reads the days before."
        raise CannotBacktest(reason)
    if first is None or not days:
        return first, 0
    return first - timedelta(days=days), to_micros(first)


def for_interval(params: Params, interval: str) -> Params:
    """Return parameters fit for bars of an interval.

    A daily bar is known when the market is closed: the check for that is off, and its price may
    be a day old.
    """
    if interval != "1d" or "MARKET_CLOSED" in params.risk.off:
        return params
    off = (*params.risk.off, "MARKET_CLOSED", "STALE_PRICE")
    return replace(params, risk=replace(params.risk, off=tuple(dict.fromkeys(off))))
