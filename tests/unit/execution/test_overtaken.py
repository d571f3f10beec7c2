"""Why an order is not sent, put off, given up or forgotten: each rule on both sides."""

from typing import Any

import pytest
from msgspec.structs import replace

from flows.execution.overtaken import forgettable, is_gone, overtaken, put_off
from flows.execution.state import OrderLife
from flows.execution.told import NOTHING
from messages.units import SECOND_US, to_micros
from tests.property.test_order_machine import order_request
from tests.streams import at

NOW = at(5)


def life(*, reduces: bool = False, **changes: Any) -> OrderLife:
    made = NOTHING.life(order_request(1, NOW, reduces=reduces), NOW)
    return replace(made, **changes)


UNTIL = to_micros(life().request.valid_until)


@pytest.mark.parametrize(
    ("now", "blocked", "unwanted", "end"),
    [
        (UNTIL, False, False, None),
        (UNTIL + 1, False, False, "EXPIRED"),
        (NOW, True, False, "CANCELLED"),
        (NOW, False, True, "CANCELLED"),
    ],
)
def test_an_entry_is_overtaken_and_an_exit_never(
    now: int, blocked: bool, unwanted: bool, end: str | None
) -> None:
    found = overtaken(now, life(unwanted=unwanted), blocked=blocked)
    assert (found and found[0]) == end
    assert overtaken(now, life(reduces=True, unwanted=unwanted), blocked=blocked) is None


def test_only_an_adoption_gives_an_order_up_and_only_late() -> None:
    settled = 30 * SECOND_US
    late, soon = life(asked_at=NOW + settled + 1), life(asked_at=NOW + settled)
    assert is_gone(late, settled, adopting=True)
    assert not is_gone(soon, settled, adopting=True)
    assert not is_gone(late, settled, adopting=False)


def test_it_is_put_off_for_longer_each_time_and_never_for_less_than_asked() -> None:
    made, waits, dues = life(), (1, 5, 30), list[int]()
    for _ in range(5):
        put_off(made, NOW, waits)
        dues.append(made.due - NOW)
    assert dues == [1, 5, 30, 30, 30]
    put_off(made, NOW, waits, 60)
    assert made.due == NOW + 60


def test_what_has_not_ended_is_never_forgotten() -> None:
    lives = {"open": life(), "old": life(ended_at=NOW - 1), "new": life(ended_at=NOW)}
    assert forgettable(lives, NOW) == ["old"]
