"""Commands: each let in once, in the order of the log, first at its stamp."""

from msgspec.structs import replace

from messages.control import Command, DeadLetter
from operators.blocks import Block, Event
from operators.catalogue import CATALOGUE
from operators.commands import AcceptCommands
from tests.streams import bar, blocks, bodies, command, outputs, request


def test_a_repeated_command_is_dropped_even_after_a_restart() -> None:
    first, second = command(1, "pause"), command(2, "resume")
    operator = AcceptCommands()
    assert operator.step(Block([first, first, second], 5)).events == [first, second]
    again = AcceptCommands(operator.snapshot())
    third = command(3, "halt")
    assert again.step(Block([second, third], 6)).events == [third]


def test_a_command_comes_first_at_its_stamp() -> None:
    keyed = command(1, "close_position", "AAA")._replace(key="AAA")
    [event] = AcceptCommands().step(Block([keyed], 5)).events
    assert (event.key, event.stamp) == ("", keyed.stamp)


def test_other_events_pass_and_time_goes_on() -> None:
    block = AcceptCommands().step(Block([bar(1, "AAA", 1_0000)], 7, ended=True))
    assert (len(block.events), block.frontier, block.ended) == (1, 7, True)


def test_a_snapshot_does_not_depend_on_the_order_of_commands() -> None:
    events = [command(n, "pause") for n in range(1, 6)]
    one, other = AcceptCommands(), AcceptCommands()
    outputs(one, blocks(events, []))
    for event in reversed(events):
        other.step(Block([event], 99))
    assert one.snapshot() == other.snapshot()
    assert len(bodies(events, Command)) == 5


def test_the_catalogue_names_each_operator_once_with_what_it_does() -> None:
    names = [entry.operator.__name__ for entry in CATALOGUE]
    assert len(names) == len(set(names))
    for entry in CATALOGUE:
        assert hasattr(entry.operator, "step")
        assert hasattr(entry.operator, "snapshot")
        words = (entry.flow, entry.state, entry.window, entry.timer, entry.late)
        assert all(words), entry


def test_an_event_s_place_is_its_own() -> None:
    assert Event(1, "a", command(1, "pause").body) < Event(2, "", command(1, "pause").body)


def test_outsiders_ask_in_vain_unless_they_may_command() -> None:
    asked = request(1, "halt", "mallory")
    block = AcceptCommands().step(Block([asked, asked], 5))
    letters = bodies(block.events, DeadLetter)
    assert [(x.reason, x.topic) for x in letters] == [
        ("OUTSIDE_COMMANDS_OFF", "control.requests")
    ] * 2
    assert "mallory" in letters[0].detail
    assert b"mallory" in letters[0].payload


def test_a_command_for_a_strategy_that_is_not_there_is_refused_by_name() -> None:
    operator = AcceptCommands(outside=True, strategies=("mine", "momentum"))
    theirs = request(1, "halt")
    asked = [
        Event(1, "k", replace(command(1, "halt").body, id="a", kind="disable_strategy", strategy=s))
        for s in ("mine", "momentun")
    ]
    asked.append(
        Event(1, "k", replace(theirs.body, kind="enable_strategy", strategy="news_driven"))
    )
    said = operator.step(Block(asked, 5)).events
    assert [e.body.strategy for e in said if isinstance(e.body, Command)] == ["mine"]
    assert [(x.reason, x.topic) for x in bodies(said, DeadLetter)] == [
        ("NO_SUCH_STRATEGY", "control.commands"), ("NO_SUCH_STRATEGY", "control.requests"),
    ]  # fmt: skip
    assert "there is no strategy momentun, but mine, momentum" in bodies(said, DeadLetter)[0].detail


def test_an_outsider_s_command_says_so_and_takes_nobody_s_id() -> None:
    ours, asked = command(1, "halt"), request(1, "halt", "m" * 200)
    operator = AcceptCommands(outside=True)
    first, second = operator.step(Block([asked, ours, asked], 5)).events
    assert (first.key, second) == ("", ours)
    assert isinstance(first.body, Command)
    assert type(first.body) is Command
    assert first.body.who == ("outside:" + "m" * 200)[:200]
    assert isinstance(ours.body, Command)
    assert (first.body.kind, first.body.id != ours.body.id) == ("halt", True)
    again = AcceptCommands(operator.snapshot(), outside=True)
    assert again.step(Block([asked], 6)).events == []
