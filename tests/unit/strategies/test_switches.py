"""Switches: off, on again, and a command that comes twice."""

from datetime import UTC, datetime

import pytest

from messages.control import Command, CommandKind
from operators.strategies.switches import Switches

AT = datetime(2025, 3, 12, tzinfo=UTC)


def said(id_: str, kind: CommandKind, strategy: str = "momentum") -> Command:
    return Command(id=id_, event_time=AT, kind=kind, strategy=strategy, who="me", why="a test")


OFF, ON, OTHER = (
    said("1", "disable_strategy"), said("2", "enable_strategy"),
    said("3", "disable_strategy", "news_driven"),
)  # fmt: skip


@pytest.mark.parametrize(
    ("commands", "off"),
    [
        ([], []),
        ([OFF], ["momentum"]),
        ([OFF, OTHER], ["momentum", "news_driven"]),
        ([OFF, ON], []),
        ([ON], []),
        ([OFF, ON, OFF], []),  # the same command again
        ([OFF, ON, said("4", "disable_strategy")], ["momentum"]),
        ([Command(id="5", event_time=AT, kind="halt", who="me", why="a test")], []),
    ],
)
@pytest.mark.parametrize("resumed", [False, True])
def test_what_is_off(commands: list[Command], off: list[str], resumed: bool) -> None:
    switches = Switches()
    for command in commands:
        if resumed:
            switches = Switches(*switches.snapshot())
        switches.take(command)
    assert switches.snapshot()[0] == sorted(switches.off) == off
