"""Tickets: good once, for half a minute, and kept as hashes."""

from datetime import UTC, datetime, timedelta

import pytest

from api.access.person import Person
from api.access.tickets import Tickets
from api.problems import NotSignedIn

WHO = Person("u", "ann", "viewer", "ses-1")


class Clock:
    def __init__(self) -> None:
        self.moment = datetime(2026, 5, 4, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.moment


def test_a_ticket_is_good_once() -> None:
    tickets = Tickets(Clock())
    one, other = tickets.give(WHO), tickets.give(WHO)
    assert tickets.take(one) == WHO
    with pytest.raises(NotSignedIn):
        tickets.take(one)
    assert tickets.take(other) == WHO


def test_a_ticket_is_good_for_half_a_minute() -> None:
    clock = Clock()
    tickets = Tickets(clock)
    early, late = tickets.give(WHO), tickets.give(WHO)
    clock.moment += timedelta(seconds=tickets.lasts_s - 1)
    assert tickets.take(early) == WHO
    clock.moment += timedelta(seconds=1)
    with pytest.raises(NotSignedIn):
        tickets.take(late)


def test_old_tickets_are_forgotten_and_none_is_kept_as_it_is() -> None:
    clock = Clock()
    tickets = Tickets(clock)
    for _ in range(100):
        assert tickets.give(WHO) not in tickets._given
    clock.moment += timedelta(seconds=31)
    tickets.give(WHO)
    assert len(tickets._given) == 1
