"""A simulated day through the closed loop, as sorted key=value lines a person can read.

`make golden` rewrites the file; read the diff before you commit it.
"""

import os
from pathlib import Path
from typing import Any

import msgspec
import pytest

from connectors.market.calendar import new_york_sessions
from connectors.market.simulated import record_days
from flows.closed_loop import ClosedLoop, play
from messages.learning import WeightChange
from messages.market import Bar
from messages.units import HOUR_US
from operators.blocks import Event
from operators.merge import cut
from operators.params import Params
from tests.played import read_scored
from tests.streams import weight

CASES = Path(__file__).parent


def scored_day(tmp_path: Path, seed: int) -> list[Event]:
    """Return bars and scored articles of a simulated day, in the order signals reads them."""
    return read_scored(*record_days(tmp_path, seed))


def run_day(day: list[Event], size: int) -> list[Event]:
    weights = [weight(0, s, 1 / 3) for s in ("momentum", "mean_reversion", "news_driven")]
    end = day[-1].stamp - day[-1].stamp % HOUR_US + HOUR_US
    loop = ClosedLoop(Params(), new_york_sessions())
    return play(
        loop, cut([e._replace(stamp=day[0].stamp) for e in weights] + day, size, end, ended=True)
    )


def lines(events: list[Event]) -> list[str]:
    return sorted(
        " ".join([type(e.body).__name__, f"stamp={e.stamp}", *_pairs(msgspec.to_builtins(e.body))])
        for e in events
        if not isinstance(e.body, (WeightChange, Bar))
    )


def _pairs(values: dict[str, Any]) -> list[str]:
    left_out = ("event_time", "causes", "credits", "article_ids", "valid_until", "timestamp")
    return [
        f"{k}={_short(v)}" for k, v in values.items() if k not in left_out and v not in ("", None)
    ]


def _short(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.9g}"
    if isinstance(value, list | tuple):
        return ";".join(_short(v) for v in value)
    if isinstance(value, dict):
        return "/".join(_short(v) for k, v in value.items() if k not in ("article_ids", "as_of"))
    return str(value).replace(" ", "_")


@pytest.mark.parametrize("seed", [20_250_312])
def test_a_simulated_day(seed: int, tmp_path: Path) -> None:
    day = scored_day(tmp_path, seed)
    found = lines(run_day(day, 500))
    assert lines(run_day(day, 1)) == found
    golden = CASES / f"day_{seed}" / "expected.txt"
    if os.environ.get("TIDEWIRE_REWRITE_GOLDEN"):
        golden.parent.mkdir(exist_ok=True)
        golden.write_text("\n".join(found) + "\n")
    assert found == golden.read_text().splitlines(), "run `make golden` and read the diff"
