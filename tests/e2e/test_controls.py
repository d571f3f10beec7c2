"""A person at the command line: sees the account, halts it, closes what is held, trades on."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from connectors.runs import Run
from stack.cli import main
from stack.runtime.demo import Demo
from stack.runtime.presence import appear, vanish
from stack.servers.services import Services
from tests.harness import options, play, proofs

pytestmark = [pytest.mark.kafka, pytest.mark.postgres, pytest.mark.timeout(600)]
Said = tuple[int, list[dict[str, Any]]]
Say = Callable[..., Said]


class Person:
    """Says one thing after the other while the run goes on, and keeps what came of it."""

    def __init__(self, say: Say) -> None:
        self.say = say
        self.came: dict[str, Said] = {}
        self.steps = self.story()
        self.through = False

    def __call__(self, _demo: Demo) -> None:
        if not self.through:
            self.through = next(self.steps, "through") is not None

    def story(self) -> Iterator[None]:
        while not self.say("positions")[1]:
            yield
        self.keep("pause", "pause", "--why", "lunch")
        while self.say("account")[1][0]["state"] != "PAUSED":  # the database follows
            yield
        self.keep("paused", "status")
        self.keep("resume", "resume")
        # Halted, nothing is sold by a signal; what a stop sells before the close is tried anew.
        while self.came.get("close", (1, []))[0] != 0:
            self.keep("halt", "halt")
            while self.say("account")[1][0]["state"] != "HALTED":
                yield
            held = self.say("positions")[1]
            if held:
                self.keep("close", "close", held[0]["ticker"].lower())
            self.keep("resumed", "resume")
            yield
        self.keep("nothing", "close", "ZZZ")
        while len(self.say("positions")[1]) < 2:
            yield
        self.keep("flatten", "flatten")
        while not self.came.get("after") or not is_flat(self.came["after"]):
            self.keep("after", "account")  # one table after the other may be stored
            yield
        self.keep("denied", "decisions", "--denied", "--limit", "500")
        self.keep("on", "resume", "--why", "enough")

    def keep(self, name: str, *words: str) -> None:
        self.came[name] = self.say(*words)


@pytest.fixture
def say(services: Services, capsys: pytest.CaptureFixture[str]) -> Say:
    def run(*words: str) -> Said:
        capsys.readouterr()
        code = main([*words, "--json", "--home", str(services.home.path)])
        return code, [json.loads(line) for line in capsys.readouterr().out.splitlines()]

    return run


def is_flat(came: Said) -> bool:
    [account] = came[1]
    return (account["state"], account["positions"]) == ("HALTED", 0)


def of(came: Said, kind: str) -> list[dict[str, Any]]:
    return [line[kind] for line in came[1] if kind in line]


def test_a_day_with_a_person_at_the_keyboard(
    services: Services, say: Say, capsys: pytest.CaptureFixture[str]
) -> None:
    person, runs = Person(say), list[Run]()

    def begin(demo: Demo) -> None:
        runs.append(demo.run)
        appear(services.home, demo.run, services)

    try:
        demo, summary = play(services, options(pace=150), before=begin, meddle=person)
        came = person.came
        # The story is told to its end, and the day with it is proved like any other.
        assert "on" in came
        assert summary["accounted"], summary.get("first_unaccounted")
        # pause, resume, halt, resume, flatten with its halt, resume; and each further try
        assert summary["rows"]["trading_states"] in range(7, 20, 2)
        assert proofs(demo)
        capsys.readouterr()
        assert main(["halt", "--home", str(services.home.path)]) == 2
        assert "has ended" in capsys.readouterr().err
    finally:
        vanish(services.home)
    [paused] = of(came["pause"], "TradingStateChanged")
    assert (came["pause"][0], paused["old"], paused["new"], paused["why"]) == (
        0, "ACTIVE", "PAUSED", "lunch",
    )  # fmt: skip
    assert paused["who"].endswith("(command line)")
    assert came["paused"][1][0]["trading_state"] == "PAUSED"
    assert of(came["resume"], "TradingStateChanged")[0]["new"] == "ACTIVE"
    assert came["close"][0] == 0
    assert of(came["close"], "TradeExecution")[0]["status"] == "FILLED"
    assert of(came["halt"], "TradingStateChanged")[0]["new"] == "HALTED"
    assert came["nothing"][0] == 1
    assert of(came["nothing"], "Decision")[0]["code"] == "NO_POSITION"
    assert came["flatten"][0] == 0
    assert [c["new"] for c in of(came["flatten"], "TradingStateChanged")] == ["REDUCING", "HALTED"]
    sold = {e["ticker"] for e in of(came["flatten"], "TradeExecution")}
    assert sold == {d["ticker"] for d in of(came["flatten"], "Decision")} != set()
    after = came["after"][1][0]
    assert (after["state"], after["positions"], after["cash"]) == ("HALTED", 0, after["equity"])
    assert {"NO_POSITION"} <= {row["code"] for row in came["denied"][1]}


@pytest.mark.parametrize("command", ["halt", "account", "positions", "trades"])
def test_without_anything_up(
    command: str, services: Services, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([command, "--home", str(services.home.path)]) == 2
    assert "start it with `tidewire up`" in capsys.readouterr().err
