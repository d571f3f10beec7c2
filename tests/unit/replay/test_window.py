"""Days of an archive for the closed loop: the inputs as they were read, cut anywhere."""

import pytest

from connectors.archive.reading import ArchivedRun, DayNotArchived
from flows.replay.execution_difference import differences
from flows.replay.window import Stretch, stretch_of
from messages.codec import encode
from messages.market import Bar
from messages.trading import TradeExecution
from operators.params import EnsembleParams, Params
from tests.archives import DAY, END, traded_inputs
from tests.streams import at


def test_inputs_come_back_as_they_were_written(stretch: Stretch) -> None:
    heard = [e for e in traded_inputs() if type(e.body).__name__ != "RawArticle"]
    assert [e.body for e in stretch.events] == [e.body for e in heard]
    assert (stretch.start, stretch.end, stretch.ended) == (0, END, True)


@pytest.mark.parametrize("size", [1, 10, 10_000])
def test_played_again_it_makes_what_was_recorded(stretch: Stretch, size: int) -> None:
    made = stretch.play(stretch.loop(), size=size)
    fills = [encode(e.body) for e in made if isinstance(e.body, TradeExecution)]
    assert fills == [encode(e) for e in stretch.executions()]
    assert len(fills) == 2


def test_under_other_rules_it_makes_something_else(stretch: Stretch) -> None:
    deaf = stretch.loop(Params(ensemble=EnsembleParams(threshold=1.0)))
    assert not [e for e in stretch.play(deaf) if isinstance(e.body, TradeExecution)]


def test_a_cut_keeps_what_was_known_before_it(stretch: Stretch) -> None:
    part = stretch.until(at(20))
    assert all(e.stamp < at(20) for e in part.events)
    assert len(part.events) < len(stretch.events)
    assert (part.end, part.ended) == (at(20), False)
    assert part.blocks(10)[-1].frontier == at(20)
    assert stretch.until(END) is stretch
    assert len(part.executions()) == 1


def test_other_inputs_in_their_place(stretch: Stretch) -> None:
    bars = [e for e in stretch.events if isinstance(e.body, Bar)]
    made = stretch.play(stretch.loop(), bars)
    assert not [e for e in made if isinstance(e.body, TradeExecution)], "without a weight"


def test_days_without_a_session_or_an_archive(day: ArchivedRun) -> None:
    for first, last in ((None, "2025-03-15"), ("x", DAY)):
        with pytest.raises(DayNotArchived):
            stretch_of(day, first, last)


def test_on_paper_no_execution_differs_from_the_backtest_s(stretch: Stretch) -> None:
    assert differences(stretch) == (2, [])


def test_an_order_that_ended_otherwise_is_listed(stretch: Stretch) -> None:
    bars = [
        e._replace(body=type(e.body)(**{  # type: ignore[arg-type]  # a bar's fields
            f: 102.0 if f in ("open", "high", "low", "close") and e.stamp == at(11) else
            getattr(e.body, f) for f in e.body.__struct_fields__
        })) if isinstance(e.body, Bar) and e.key == "AAA" else e
        for e in stretch.events
    ]  # fmt: skip
    from dataclasses import replace

    count, found = differences(replace(stretch, events=bars))
    assert count == 2
    assert found
    assert {d.recorded is not None and d.recorded.price != 102.0 for d in found} == {True}
