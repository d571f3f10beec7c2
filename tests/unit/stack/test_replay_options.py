"""A replay's command line as a request."""

import pytest

from flows.replay.counterfactual import CannotChange
from messages.requests import Action, ReplayChanges, ReplayRequest
from messages.units import MINUTE_US, SECOND_US
from stack.cli import parser
from stack.commands.replay_options import causality_of, changes_of, replay_of


def request(*arguments: str) -> ReplayRequest:
    options = parser().parse_args(["replay", *arguments])
    before = vars(options).copy()
    made = replay_of(options, "live")
    assert vars(options) == before, "options are only read"
    return made


@pytest.mark.parametrize(
    ("arguments", "action"),
    [
        ((), "replay"),
        (("--verify",), "verify"),
        (("--against-backtest",), "against_backtest"),
        (("--against-backtest", "--delay-news", "5m"), "against_backtest"),
        (("--delay-news", "5m"), "what_if"),
        (("--verify", "--set", "risk.max_positions=1"), "what_if"),
        (("--without-article", "art-1"), "what_if"),
        (("--without-source", "rss"), "what_if"),
    ],
)
def test_what_is_to_be_done(arguments: tuple[str, ...], action: Action) -> None:
    assert request(*arguments).action == action


def test_a_what_if_is_read_whole() -> None:
    made = request(
        "--day", "2025-03-12", "--from-start", "--block", "7", "--without-article", "art-1",
        "--set", "strategies.momentum.weight=0.25", "--set", "risk.max_positions=3",
        "--without-source", "rss", "--delay-news", "2h",
    )  # fmt: skip
    assert made == ReplayRequest(
        run="live", action="what_if", day="2025-03-12", from_start=True, block=7,
        changes=ReplayChanges(
            params=(("risk", "max_positions", "3"),), weights={"momentum": 0.25},
            without_articles=("art-1",), without_sources=("rss",), news_delay_us=120 * MINUTE_US,
        ),
    )  # fmt: skip


def test_causality_takes_samples() -> None:
    options = parser().parse_args(["causality", "--samples", "5", "--day", "2025-03-12"])
    made = causality_of(options, "live")
    assert (made.action, made.samples, made.day) == ("causality", 5, "2025-03-12")


@pytest.mark.parametrize(
    ("text", "micros"),
    [("", 0), ("30s", 30 * SECOND_US), ("5m", 5 * MINUTE_US), ("2h", 120 * MINUTE_US),
     ("1d", 1_440 * MINUTE_US), ("0m", 0)],
)  # fmt: skip
def test_delays(text: str, micros: int) -> None:
    assert changes_of((), (), (), text).news_delay_us == micros


@pytest.mark.parametrize("text", ["5", "m", "-5m", "5 m", "1.5h", "5w"])
def test_delays_that_are_none(text: str) -> None:
    with pytest.raises(CannotChange, match="write a number and s, m, h or d"):
        changes_of((), (), (), text)


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ("nothing", "--set nothing: write GROUP.NAME=VALUE"),
        ("strategies.momentum.weight=2", "a weight is from 0 to 1"),
        ("momentum.weight=x", "a weight is from 0 to 1"),
        ("momentum.weight=nan", "a weight is from 0 to 1"),
    ],
)
def test_settings_that_are_none(setting: str, said: str) -> None:
    with pytest.raises(CannotChange, match=said):
        changes_of([setting], (), (), "")
