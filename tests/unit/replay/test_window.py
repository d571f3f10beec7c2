"""Days of an archive for the closed loop: the inputs as they were read, cut anywhere."""

import pytest

from connectors.archive.reading import ArchivedRun, DayNotArchived
from flows.replay.execution_difference import differences
from flows.replay.window import ReplayWindow, window_of
from messages.codec import encode
from messages.control import RunStarted
from messages.market import Bar
from messages.trading import TradeExecution
from operators.params import EnsembleParams, Params
from tests.archives import DAY, END, traded_inputs
from tests.streams import at


def test_inputs_come_back_as_they_were_written(window: ReplayWindow) -> None:
    heard = [e for e in traded_inputs() if type(e.body).__name__ != "RawArticle"]
    assert [e.body for e in window.events[1:]] == [e.body for e in heard]
    assert isinstance(window.events[0].body, RunStarted)
    assert (window.start, window.end, window.ended) == (0, END, True)


@pytest.mark.parametrize("size", [1, 10, 10_000])
def test_played_again_it_makes_what_was_recorded(window: ReplayWindow, size: int) -> None:
    made = window.play(window.loop(), size=size)
    fills = [encode(e.body) for e in made if isinstance(e.body, TradeExecution)]
    assert fills == [encode(e) for e in window.executions()]
    assert len(fills) == 2


def test_under_other_rules_it_makes_something_else(window: ReplayWindow) -> None:
    deaf = window.loop(Params(ensemble=EnsembleParams(threshold=1.0)))
    assert not [e for e in window.play(deaf) if isinstance(e.body, TradeExecution)]


def test_a_cut_keeps_what_was_known_before_it(window: ReplayWindow) -> None:
    part = window.until(at(20))
    assert all(e.stamp < at(20) for e in part.events)
    assert len(part.events) < len(window.events)
    assert (part.end, part.ended) == (at(20), False)
    assert part.blocks(10)[-1].frontier == at(20)
    assert window.until(END) is window
    assert len(part.executions()) == 1


def test_other_inputs_in_their_place(window: ReplayWindow) -> None:
    bars = [e for e in window.events if isinstance(e.body, Bar)]
    made = window.play(window.loop(), bars)
    assert not [e for e in made if isinstance(e.body, TradeExecution)], "without a weight"


def test_days_without_a_session_or_an_archive(day: ArchivedRun) -> None:
    for first, last in ((None, "2025-03-15"), ("x", DAY)):
        with pytest.raises(DayNotArchived):
            window_of(day, first, last)


def test_on_paper_no_execution_differs_from_the_backtest_s(window: ReplayWindow) -> None:
    assert differences(window) == (2, [])


def test_an_order_that_ended_otherwise_is_listed(window: ReplayWindow) -> None:
    bars = [
        e._replace(body=type(e.body)(**{  # type: ignore[arg-type]  # a bar's fields
            f: 102.0 if f in ("open", "high", "low", "close") and e.stamp == at(11) else
            getattr(e.body, f) for f in e.body.__struct_fields__
        })) if isinstance(e.body, Bar) and e.key == "AAA" else e
        for e in window.events
    ]  # fmt: skip
    from dataclasses import replace

    count, found = differences(replace(window, events=bars))
    assert count == 2
    assert found
    assert {d.recorded is not None and d.recorded.price != 102.0 for d in found} == {True}
