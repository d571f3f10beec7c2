"""A sweep's command line: its axes."""

import pytest

from connectors.parameters import ParameterInvalid
from flows.backtest.options import CannotBacktest
from stack.commands.sweep import axis_of


@pytest.mark.parametrize(
    ("text", "path", "values"),
    [
        ("risk.stop_loss_bps=100, 300 ,500", "risk.stop_loss_bps", ("100", "300", "500")),
        ("momentum.window=10:20:5", "momentum.window", ("10", "15", "20")),
        ("momentum.window=10:19:5", "momentum.window", ("10", "15")),
        ("strategies.momentum.weight=0,1", "momentum.weight", ("0", "1")),
        ("weights.momentum=0.5", "weights.momentum", ("0.5",)),
    ],
)
def test_an_axis(text: str, path: str, values: tuple[str, ...]) -> None:
    axis = axis_of(text)
    assert (axis.path, axis.values) == (path, values)


@pytest.mark.parametrize("text", ["", "risk=1", "risk.x.y=1", "risk.x", "momentum.window=a:b:c",
                                  "momentum.window=1:5:0"])  # fmt: skip
def test_what_is_no_axis(text: str) -> None:
    with pytest.raises((CannotBacktest, ParameterInvalid), match="write"):
        axis_of(text)
