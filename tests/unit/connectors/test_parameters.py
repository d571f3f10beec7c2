"""Parameters by name and as plain values: what is read, and what is refused."""

from dataclasses import asdict

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.parameters import (
    ParameterInvalid,
    params_dict,
    params_of,
    parse_setting,
    with_settings,
)
from operators.params import OwnParams, Params, RiskParams


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
    assert parse_setting(text) == found


@pytest.mark.parametrize("text", ["", "=", "risk=1", "risk.cooldown_minutes", "a.b.c=1"])
def test_what_is_no_setting(text: str) -> None:
    with pytest.raises(ParameterInvalid, match=r"write GROUP\.NAME=VALUE"):
        parse_setting(text)


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
    with pytest.raises(ParameterInvalid, match=said):
        with_settings(Params(), [setting])


def test_plain_values_are_checked() -> None:
    assert params_of({}) == Params()
    with pytest.raises(ParameterInvalid, match=r"risk\.position_bps=20000"):
        params_of({"risk": {"position_bps": 20_000}})


@pytest.mark.parametrize("values", [{"nothing": {}}, {"risk": {"position": 1}}, {"own": {"x": 1}}])
def test_names_that_are_unknown_are_refused(values: dict[str, dict[str, int]]) -> None:
    """A misspelt name would leave the default in force without a word."""
    with pytest.raises(ParameterInvalid, match="there is no such parameter"):
        params_of(values)


def test_plain_values_are_what_json_can_hold() -> None:
    params = Params(risk=RiskParams(off=("COOLDOWN",)), own=OwnParams(("mine.py:Mine",)))
    plain = params_dict(params)
    assert plain["risk"]["off"] == ["COOLDOWN"]
    assert params_of(plain) == params
    assert set(plain) == set(asdict(params))


@given(
    st.integers(0, 10_000), st.integers(0, 500), st.floats(0, 1), st.booleans(),
    st.sampled_from(["close", "next_open"]),
)  # fmt: skip
def test_parameters_survive_being_plain(
    bps: int, positions: int, threshold: float, short: bool, model: str
) -> None:
    sets = [
        ("risk", "position_bps", str(bps)), ("risk", "max_positions", str(positions)),
        ("ensemble", "threshold", repr(threshold)), ("risk", "allow_short", str(short)),
        ("fills", "model", model),
    ]  # fmt: skip
    params = with_settings(Params(), sets)
    assert (params.risk.position_bps, params.ensemble.threshold) == (bps, threshold)
    assert params_of(params_dict(params)) == params
