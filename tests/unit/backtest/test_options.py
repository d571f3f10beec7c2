"""What bars of an interval ask of the parameters, and the presets."""

from connectors.parameters import params_dict, params_of
from flows.backtest.options import JOB_V1, JOB_WEIGHTS, for_interval
from operators.commissions import COMMISSIONS, commission_of
from operators.params import STRATEGIES, Params


def test_daily_bars_come_when_the_market_is_closed() -> None:
    assert for_interval(Params(), "1m") == Params()
    daily = for_interval(Params(), "1d")
    assert set(daily.risk.off) - set(Params().risk.off) == {"MARKET_CLOSED", "STALE_PRICE"}
    assert for_interval(daily, "1d") == daily


def test_presets_are_parameters_within_their_ranges() -> None:
    assert params_of(params_dict(JOB_V1)) == JOB_V1
    assert set(JOB_WEIGHTS) <= set(STRATEGIES)
    for name, fees in COMMISSIONS.items():
        assert commission_of(fees) == name
        assert params_of({"fills": fees}).fills.commission_per_share == 0
    assert commission_of({"commission_per_share": 1}) is None
