"""A request and the files it means: digests in, rules and inputs out."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from connectors.market.input_files import InputUnusable
from connectors.parameters import ParameterInvalid
from connectors.sentiment.instant import instant_model
from connectors.tickers.directory import DirectoryUnusable
from connectors.user_strategies import StrategyUnusable
from flows.backtest.options import CannotBacktest
from flows.backtest.request import Files, inputs_of, request_of, rules_of, warmed_up
from flows.backtest.results import result_of
from flows.backtest.run import Inputs, run_backtest
from messages.requests import BacktestRequest
from messages.units import to_micros
from operators.blocks import Event
from operators.params import OwnParams, Params, equal_weights
from tests.streams import scored
from tests.unit.backtest.conftest import EAGER, bars, write

DAY = datetime(2025, 3, 12, tzinfo=UTC)
EXAMPLES = Path(__file__).parents[2] / "own_examples.py"


def asked(files: Files, params: Params = EAGER, **fields: Any) -> BacktestRequest:
    return request_of(files, params, equal_weights(), **fields)


@pytest.fixture
def files(tmp_path: Path) -> Files:
    return Files(write(tmp_path / "bars.parquet", bars(30)).file)


def test_a_request_runs_as_its_parts_do(files: Files) -> None:
    request = asked(files)
    by_request = run_backtest(inputs_of(request, files), *rules_of(request))
    by_hand = run_backtest(Inputs(inputs_of(request, files).bars), EAGER, equal_weights())
    assert result_of(by_request).fills > 0
    assert result_of(by_request).final_equity == result_of(by_hand).final_equity


def test_it_runs_the_same_after_json(files: Files) -> None:
    request = BacktestRequest.from_json(asked(files).to_json())
    assert rules_of(request) == (EAGER, equal_weights())


def test_inputs_are_what_was_asked_for(files: Files) -> None:
    request = asked(
        files, interval="5m", first=DAY, last=DAY + timedelta(days=2), warm_up_days=1,
        splits="keep", benchmark="AAA",
    )  # fmt: skip
    inputs = inputs_of(request, files)
    assert (inputs.bars.stated, inputs.bars.first, inputs.bars.last) == (
        "5m", DAY - timedelta(days=1), DAY + timedelta(days=2),
    )  # fmt: skip
    assert (inputs.trade_from, inputs.splits, inputs.benchmark) == (to_micros(DAY), "keep", "AAA")


def test_a_warm_up_reads_days_before_and_trades_from_the_first() -> None:
    assert warmed_up(None, 0) == (None, 0)
    assert warmed_up(DAY, 0) == (DAY, 0)
    assert warmed_up(DAY, 10) == (DAY - timedelta(days=10), to_micros(DAY))


def test_rows_from_elsewhere_count_and_not_their_file(files: Files) -> None:
    one = msgspec.structs.replace(asked(files), source="run_live")
    stored = Files(files.bars, bars_digest="a" * 64)
    grown = Files(files.bars, bars_digest="b" * 64)
    assert len({one.id, asked(stored).id, asked(grown).id}) == 3


def test_scores_count(files: Files) -> None:
    def with_scores(*events: Event) -> str:
        return asked(Files(files.bars, scored=events)).id

    first, second = scored(1, "AAA", 0.9), scored(2, "AAA", 0.9)
    ids = [
        asked(files).id, with_scores(first), with_scores(first, second),
        with_scores(scored(1, "AAA", 0.8)), with_scores(first._replace(stamp=first.stamp + 1)),
    ]  # fmt: skip
    assert len(set(ids)) == len(ids)
    assert with_scores(first) == with_scores(first)


def test_news_names_the_model_and_the_directories(files: Files, tmp_path: Path) -> None:
    news, companies = tmp_path / "news.jsonl", tmp_path / "companies.txt"
    news.write_text("")
    companies.write_text("Symbol|Name\nAAA|Alpha|x\n")
    named = Files(files.bars, news=news, directories=(str(companies),))
    request = asked(named)
    assert request.scoring == instant_model().model
    assert [len(digest) for digest in request.directories] == [64]
    assert inputs_of(request, named).directories == (str(companies),)
    assert asked(Files(files.bars, directories=(str(companies),))).id == asked(files).id


def test_a_strategy_is_its_source(files: Files) -> None:
    own = Params(own=OwnParams((f"{EXAMPLES}:Breakout",)))
    request = asked(files, own)
    assert [s.name for s in request.strategies] == ["breakout"]
    assert "own" not in request.params
    assert rules_of(request)[0] == own
    changed = msgspec.structs.replace(request.strategies[0], digest="0" * 64)
    with pytest.raises(CannotBacktest, match="is not the strategy breakout that was asked for"):
        rules_of(msgspec.structs.replace(request, strategies=(changed,)))
    gone = msgspec.structs.replace(request.strategies[0], where="nowhere.py:Breakout")
    with pytest.raises(StrategyUnusable, match=r"nowhere\.py"):
        rules_of(msgspec.structs.replace(request, strategies=(gone,)))


def test_rules_that_are_none(files: Files) -> None:
    request = asked(files)
    with pytest.raises(ParameterInvalid, match="no such parameter"):
        rules_of(msgspec.structs.replace(request, params={"risk": {"x": 1}}))
    with pytest.raises(CannotBacktest, match="There is no strategy nobody to weigh"):
        rules_of(msgspec.structs.replace(request, weights={"nobody": 1.0}))


@pytest.mark.parametrize(
    ("missing", "error"),
    [
        ({"bars": "none"}, InputUnusable),
        ({"news": "none"}, InputUnusable),
        ({"news": "", "directories": ("none",)}, DirectoryUnusable),
    ],
)
def test_what_cannot_be_read_is_named(
    files: Files, tmp_path: Path, missing: dict[str, Any], error: type[Exception]
) -> None:
    (tmp_path / "news").write_text("")
    bars_file = tmp_path / missing["bars"] if "bars" in missing else files.bars
    news = tmp_path / (missing["news"] or "news") if "news" in missing else None
    directories = tuple(str(tmp_path / name) for name in missing.get("directories", ()))
    with pytest.raises(error, match="none"):
        asked(Files(bars_file, news=news, directories=directories))
