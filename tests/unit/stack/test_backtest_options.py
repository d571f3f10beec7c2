"""A backtest's command line: words that are read, and what is refused with what to write."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from connectors.market.input_files import InputUnusable
from connectors.parameters import ParameterInvalid
from flows.backtest.options import JOB_V1, JOB_WEIGHTS, CannotBacktest
from flows.backtest.request import rules_of
from messages.requests import BacktestRequest
from operators.params import STRATEGIES
from stack.cli import parser
from stack.commands.backtest_archive import days_of
from stack.commands.backtest_options import asked, moment_of, weights_of

STRATEGY = """
from operators.strategies.base import Strategy

class Mine(Strategy):
    name = "mine"
    window = 2

    def evaluate(self, ticker, market, sentiment):
        return None
"""


BARS = "ticker,ts,open,high,low,close,volume\n" + "".join(
    f"AAA,2025-03-12T13:{m}Z,10,10,10,10,100\n" for m in (30, 35, 40, 45)
)


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


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return an empty directory to work in, with a file of bars and one of news."""
    monkeypatch.chdir(tmp_path)
    Path("bars.csv").write_text(BARS)
    Path("news.jsonl").write_bytes(b"some news")
    Path("mine.py").write_text(STRATEGY)
    Path("companies.txt").write_text("Symbol|Name\nMINE|Mine Inc|x\n")
    return tmp_path


def request(*arguments: str, bars: str = "bars.csv") -> BacktestRequest:
    options = parser().parse_args(["backtest", "--bars", bars, *arguments])
    before = vars(options).copy()
    made, _ = asked(options, Path())
    assert vars(options) == before, "options are only read"
    return made


NEWS = ("--news", "news.jsonl")
OTHERWISE: dict[str, tuple[str, ...]] = {
    "splits adjust": ("--splits", "adjust"),
    "splits keep": ("--splits", "keep"),
    "interval": ("--interval", "1m"),
    "benchmark": ("--benchmark", "AAA"),
    "first": ("--from", "2025-03-12"),
    "last": ("--to", "2025-03-12"),
    "warm-up": ("--from", "2025-03-12", "--warm-up", "1"),
    "weights": ("--weights", "momentum=1"),
    "parameter": ("--set", "risk.max_positions=1"),
    "fill": ("--fill", "next_open"),
    "slippage": ("--slippage-bps", "7"),
    "commission": ("--commission", "alpaca"),
    "capital": ("--capital", "1000"),
    "strategy": ("--strategy", "mine.py:Mine"),
    "news": NEWS,
    "preset": ("--preset", "job-v1"),
}


def test_an_interval_that_was_read_off_the_file_is_as_one_that_was_said(place: Path) -> None:
    assert request().interval == "5m"
    assert request().id == request("--interval", "5m").id


def test_different_backtests_have_different_ids(place: Path) -> None:
    ids = [request().id, *(request(*arguments).id for arguments in OTHERWISE.values())]
    assert len(set(ids)) == len(ids)


def test_the_same_backtest_has_one_id_from_any_directory(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = request(*NEWS, "--strategy", "mine.py:Mine")
    (place / "deep").mkdir()
    for name in ("bars.csv", "news.jsonl", "mine.py"):
        (place / name).rename(place / "deep" / f"moved_{name}")
    monkeypatch.chdir(place / "deep")
    moved = request(
        "--news", str(Path("moved_news.jsonl").resolve()), "--strategy", "moved_mine.py:Mine",
        bars="moved_bars.csv",
    )  # fmt: skip
    assert moved.id == here.id
    assert [i.name for i in moved.inputs] == ["moved_bars.csv", "moved_news.jsonl"]
    written_out = request("--set", "risk.max_positions=20", "--slippage-bps", "1",
                          bars="moved_bars.csv")  # fmt: skip
    assert written_out.id == request(bars="moved_bars.csv").id, "the defaults, said aloud"


@pytest.mark.parametrize("name", ["bars.csv", "news.jsonl", "mine.py"])
def test_an_edited_file_gives_another_id(place: Path, name: str) -> None:
    arguments = (*NEWS, "--strategy", "mine.py:Mine")
    before = request(*arguments)
    with Path(name).open("a") as file:
        file.write("# edited\n")
    assert request(*arguments).id != before.id


def test_directories_count_where_news_is_scored(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    without, bars_only = request(*NEWS), request()
    monkeypatch.setenv("TIDEWIRE_NEWS__DIRECTORIES", "companies.txt")
    named = request(*NEWS)
    assert named.id != without.id
    assert request().id == bars_only.id, "nothing is looked for without news"
    Path("companies.txt").write_text("Symbol|Name\nMINE|Mine of Gold|x\n")
    assert request(*NEWS).id not in (named.id, without.id)
    monkeypatch.setenv("TIDEWIRE_NEWS__FEEDS", "other=https://example.com/feed")
    assert request().id == bars_only.id, "a backtest follows no feed"


def test_a_preset_is_its_own_rules(place: Path) -> None:
    made = request("--preset", "job-v1", "--splits", "adjust")
    assert rules_of(made) == (JOB_V1, JOB_WEIGHTS)
    assert made.splits == "keep"


@pytest.mark.parametrize(
    ("arguments", "error", "said"),
    [
        (("--warm-up", "3"), CannotBacktest, "--warm-up needs --from"),
        (("--weights", "magic=1"), CannotBacktest, "write NAME=0..1"),
        (("--from", "soon"), CannotBacktest, "write YYYY-MM-DD"),
        (("--set", "risk.nonsense=1"), ParameterInvalid, "no such parameter"),
        (("--capital", "5000000000"), ParameterInvalid, "account.start_cash"),
        (("--news", "none.jsonl"), InputUnusable, "none.jsonl"),
        (("--bars", "none.csv"), InputUnusable, "is not a readable file of bars"),
    ],
)
def test_what_cannot_be_asked_says_why(
    place: Path, arguments: tuple[str, ...], error: type[Exception], said: str
) -> None:
    with pytest.raises(error, match=said):
        request(*arguments)


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("2025-03-12..2025-03-14", ("2025-03-12", "2025-03-14")),
        ("2025-03-12", ("", "2025-03-12")),
    ],
)
def test_days_of_an_archive(text: str, days: tuple[str, str]) -> None:
    assert days_of(text) == days
