"""A backtest's options as words: what they mean, and what is refused with what to write."""

from datetime import UTC, datetime, timedelta

import pytest

from flows.backtest.options import (
    CannotBacktest,
    for_interval,
    moment_of,
    params_of,
    parse_set,
    warmed_up,
    weights_of,
    with_settings,
)
from messages.units import to_micros
from operators.params import STRATEGIES, Params

DAY = datetime(2025, 3, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("risk.cooldown_minutes=45", ("risk", "cooldown_minutes", "45")),
        ("strategies.momentum.weight=0", ("momentum", "weight", "0")),
        ("risk.off=A=B", ("risk", "off", "A=B")),
        ("risk.off=", ("risk", "off", "")),
    ],
)
def test_a_setting(text: str, found: tuple[str, str, str]) -> None:
    assert parse_set(text) == found


@pytest.mark.parametrize("text", ["", "=", "risk=1", "risk.cooldown_minutes", "a.b.c=1"])
def test_what_is_no_setting(text: str) -> None:
    with pytest.raises(CannotBacktest, match=r"write GROUP\.NAME=VALUE"):
        parse_set(text)


def test_settings_change_only_what_they_name() -> None:
    changed = with_settings(Params(), [("risk", "cooldown_minutes", "45")])
    assert changed.risk.cooldown_minutes == 45
    assert with_settings(changed, [("risk", "cooldown_minutes", "30")]) == Params()


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        (("nothing", "x", "1"), r"nothing\.x: there is no such parameter"),
        (("risk", "x", "1"), "there is no such parameter; there are .*risk.cooldown_minutes"),
        (("risk", "cooldown_minutes", "soon"), r"risk\.cooldown_minutes=soon"),
        (("momentum", "window", "1"), r"momentum\.window=1"),
    ],
)
def test_settings_that_do_not_hold(setting: tuple[str, str, str], said: str) -> None:
    with pytest.raises(CannotBacktest, match=said):
        with_settings(Params(), [setting])


def test_plain_values_are_checked() -> None:
    assert params_of({}) == Params()
    with pytest.raises(CannotBacktest, match=r"risk\.position_bps=20000"):
        params_of({"risk": {"position_bps": 20_000}})


def test_weights() -> None:
    equal = weights_of("")
    assert set(equal) == set(STRATEGIES)
    assert sum(equal.values()) == pytest.approx(1)
    assert weights_of("momentum=0.5, mean_reversion=1") == {"momentum": 0.5, "mean_reversion": 1}
    assert weights_of("mine=1", ("mine",)) == {"mine": 1}


@pytest.mark.parametrize("text", ["momentum", "momentum=", "momentum=2", "momentum=-1", "x=0.5",
                                  "momentum=nan", "momentum=0.5,,"])  # fmt: skip
def test_weights_that_do_not_hold(text: str) -> None:
    with pytest.raises(CannotBacktest, match=r"write NAME=0\.\.1"):
        weights_of(text)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("", None),
        ("2025-03-12", datetime(2025, 3, 12, 4, tzinfo=UTC)),  # New York, daylight saving
        ("2025-01-12T09:30", datetime(2025, 1, 12, 14, 30, tzinfo=UTC)),
        ("2025-01-12T09:30+00:00", datetime(2025, 1, 12, 9, 30, tzinfo=UTC)),
    ],
)
def test_moments_are_new_york_s(text: str, moment: datetime | None) -> None:
    assert moment_of(text, "--from") == moment


@pytest.mark.parametrize("text", ["yesterday", "12.3.2025", "2025-13-01"])
def test_moments_that_are_none(text: str) -> None:
    with pytest.raises(CannotBacktest, match=f"--from {text}: write YYYY-MM-DD"):
        moment_of(text, "--from")


def test_a_warm_up_reads_days_before_and_trades_from_the_first() -> None:
    assert warmed_up(None, 0) == (None, 0)
    assert warmed_up(DAY, 0) == (DAY, 0)
    assert warmed_up(DAY, 10) == (DAY - timedelta(days=10), to_micros(DAY))
    with pytest.raises(CannotBacktest, match="--warm-up needs --from"):
        warmed_up(None, 10)


def test_daily_bars_come_when_the_market_is_closed() -> None:
    assert for_interval(Params(), "1m") == Params()
    daily = for_interval(Params(), "1d")
    assert set(daily.risk.off) - set(Params().risk.off) == {"MARKET_CLOSED", "STALE_PRICE"}
    assert for_interval(daily, "1d") == daily
