"""Backtests by the command line: the same trades as the live operators, and what came of them."""

import gzip
import json
import re
from pathlib import Path
from typing import Any

import pytest

from connectors.market.bar_file import BarFile
from connectors.market.simulated import record_days
from flows.backtest.results import Result, result_of
from flows.backtest.run import Inputs, run_backtest
from operators.params import Params, equal_weights
from stack.cli import main
from tests.columns import by_messages
from tests.golden.test_golden import scored_day
from tests.streams import weight

FIELDS = {"fills", "closed_trades", "final_equity", "rejects", "stops", "open_positions", "bars",
          "engine_s", "engine_cpu_s", "total_cpu_s", "rss_mb"}  # fmt: skip


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return record_days(tmp_path_factory.mktemp("day"), 20_250_312)


@pytest.fixture(scope="module")
def result(day: tuple[Path, Path]) -> Result:
    return result_of(run_backtest(Inputs(BarFile(day[0]), day[1]), Params(), equal_weights()))


def said(capsys: pytest.CaptureFixture[str], *arguments: object, code: int = 0) -> str:
    assert main(["backtest", *map(str, arguments)]) == code
    captured = capsys.readouterr()
    return captured.out + captured.err


def found(capsys: pytest.CaptureFixture[str], *arguments: object) -> dict[str, Any]:
    values: dict[str, Any] = json.loads(said(capsys, *arguments, "--json"))
    return values


def test_a_backtest_trades_like_the_live_operators(result: Result, tmp_path: Path) -> None:
    from connectors.market.calendar import new_york_sessions

    events = scored_day(tmp_path, 20_250_312)
    weights = [weight(0, s, 1 / 3) for s in equal_weights()]
    events = [e._replace(stamp=events[0].stamp) for e in weights] + events
    expected = by_messages(Params(), new_york_sessions(), events, events[-1].stamp)
    fills = [row for row in expected if row[0] == "execution" and row[5] is not None]
    assert result.fills == len(fills) == 104
    assert result.final_equity == "1008762.7423"
    pnl = sum(row[7] for row in fills if row[7] is not None)
    assert sum(t["pnl"] for t in result.trades) == pytest.approx(pnl / 10_000)


def test_the_figures_hang_together(result: Result) -> None:
    assert result.days[-1].equity == pytest.approx(float(result.final_equity), abs=0.01)
    assert result.total_return == pytest.approx(float(result.final_equity) / 1e6 - 1, abs=1e-8)
    assert sum(result.attribution.values()) == pytest.approx(sum(t["pnl"] for t in result.trades))
    assert set(result.attribution) <= {"momentum", "mean_reversion", "news_driven"}
    assert all(sum(t["credit"].values()) == pytest.approx(1) for t in result.trades)
    assert result.signals == result.fills - result.stops + sum(result.rejects.values())
    assert result.closed_trades == len(result.trades)
    assert result.commissions == pytest.approx(437.2)
    assert 0 < result.exposure < 0.8
    assert result.sharpe is None  # one day has none
    assert result.curve[-1][1] == pytest.approx(float(result.final_equity), abs=0.01)
    assert 70 < len(result.curve) <= 600


@pytest.mark.recorded
@pytest.mark.timeout(400)
def test_two_recorded_years_of_days(recorded: Path) -> None:
    file = BarFile(recorded / "bars/daily_yahoo_to_2026-03.parquet", "1d")
    from flows.backtest.options import for_interval

    params = for_interval(Params(), "1d")
    result = result_of(run_backtest(Inputs(file, splits="adjust"), params, equal_weights()))
    assert len(result.days) == 502
    assert result.days[0].day == "2024-04-01"
    assert result.days[-1].day == "2026-03-31"
    assert result.sharpe is not None
    assert result.benchmark["ticker"] == "SPY"
    assert result.benchmark["total_return"] == pytest.approx(0.2455, abs=1e-3)
    whole = 1.0
    for monthly in result.monthly.values():
        whole *= 1 + monthly
    assert whole - 1 == pytest.approx(result.total_return, rel=1e-6)


def test_options_change_what_they_say(
    day: tuple[Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    bars = ("--bars", day[0], "--news", day[1])
    plain = found(capsys, *bars)
    assert plain["fills"] == 104
    free = found(capsys, *bars, "--commission", "none", "--slippage-bps", 0)
    assert free["commissions"] == 0
    assert float(free["final_equity"]) > float(plain["final_equity"])
    assert 0 < found(capsys, *bars, "--commission", "alpaca")["commissions"] < plain["commissions"]
    assert found(capsys, *bars, "--fill", "next_open")["trades"] != plain["trades"]
    assert found(capsys, *bars, "--set", "risk.max_positions=1")["rejects"]["MAX_POSITIONS"] > 0
    assert found(capsys, *bars, "--weights", "momentum=1")["attribution"].keys() == {"momentum"}
    assert found(capsys, *bars, "--capital", 10_000)["start_equity"] == 10_000
    by_volume = found(capsys, *bars, "--set", "fills.volume_slippage_bps=500")
    assert float(by_volume["final_equity"]) < float(plain["final_equity"])
    morning = found(capsys, *bars, "--to", "2025-03-12T12:00")
    assert morning["bars"] == 150 * 20


def test_warming_up_fills_windows_and_trades_nothing(
    day: tuple[Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    at_ten = ("--bars", day[0], "--from", "2025-03-12T10:00")
    cold = found(capsys, *at_ten)
    warm = found(capsys, *at_ten, "--warm-up", 1)
    assert warm["bars"] == cold["bars"] + 30 * 20
    assert warm["fills"] > 0
    assert min(t["opened"] for t in warm["trades"]) > "2025-03-12T14:00"
    assert min(t["opened"] for t in warm["trades"]) < min(t["opened"] for t in cold["trades"])


def test_nothing_is_traded_before_the_warm_up_ends(day: tuple[Path, Path]) -> None:
    start = 1_741_788_000_000_000  # 10:00 in New York
    ran = run_backtest(Inputs(BarFile(day[0]), day[1], trade_from=start), Params(), equal_weights())
    assert ran.tally.executions()["stamp"].min() >= start


def test_the_preset_prints_one_line(
    day: tuple[Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    assert set(found(capsys, "--preset", "job-v1", "--bars", day[0])) == FIELDS


def test_people_get_a_table_and_a_page_without_addresses(
    day: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    page = tmp_path / "out.html"
    table = said(capsys, "--bars", day[0], "--news", day[1], "--report", page)
    assert "final equity" in table
    assert "1,008,762.74" in table
    html = page.read_text()
    assert "1,008,762.74" in html
    assert "<svg" in html
    assert "mean_reversion" in html
    assert not re.findall(r"""(?:src|href)\s*=|https?://|<script""", html)


def test_news_of_a_gzip_and_without(
    day: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    plain = tmp_path / "news.jsonl"
    plain.write_bytes(gzip.decompress(day[1].read_bytes()))
    assert found(capsys, "--bars", day[0], "--news", plain)["final_equity"] == "1008762.7423"
    assert found(capsys, "--bars", day[0])["articles"] == 0


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), "a run's schema with --from-database, or a day with --from-archive"),
        (("--bars", "none.parquet"), "is not a readable file of bars"),
        (("--weights", "magic=1"), "write NAME=0..1"),
        (("--set", "risk.nonsense=1"), "no such parameter"),
        (("--set", "risk.max_positions=-1"), "risk.max_positions"),
        (("--capital", "5000000000"), "account.start_cash"),
        (("--from", "soon"), "write YYYY-MM-DD"),
        (("--warm-up", "3"), "--warm-up needs --from"),
    ],
)
def test_what_cannot_be_done_says_why(
    arguments: tuple[str, ...], words: str, day: tuple[Path, Path],
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    more = () if not arguments or "--bars" in arguments else ("--bars", day[0])
    assert words in said(capsys, *arguments, *more, code=2)
