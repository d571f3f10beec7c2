"""A listener: in order, what was missed first, and away with whoever has too much waiting."""

import asyncio
from types import SimpleNamespace
from typing import Any

from api.access.person import Person
from api.live.listener import SESSION_OVER, SLOW, Listener

WHO = Person("u", "ann", "viewer", "ses-1")


def event(text: str) -> Any:
    """Return what has a text."""
    return SimpleNamespace(text=text)


async def heard(listener: Listener) -> list[str]:
    found = []
    while (text := await listener.next()) is not None:
        found.append(text)
        if text == "last":
            listener.close(SESSION_OVER, "SESSION_ENDED")
    return found


def test_what_was_missed_comes_first() -> None:
    async def story() -> None:
        listener = Listener(WHO, ("news",))
        listener.offer("b")
        listener.catch_up([event("a"), event("aa")])
        listener.offer("last")
        assert await heard(listener) == ["a", "aa", "b", "last"]
        assert await listener.over() == (SESSION_OVER, "SESSION_ENDED")

    asyncio.run(story())


def test_who_waits_is_woken() -> None:
    async def story() -> None:
        listener = Listener(WHO, ("news",))
        asyncio.get_running_loop().call_soon(listener.offer, "last")
        assert await heard(listener) == ["last"]

    asyncio.run(story())


def test_too_much_waiting_ends_it_and_what_was_missed_does_not_count() -> None:
    async def story() -> None:
        listener = Listener(WHO, ("news",), most=2)
        listener.catch_up([event("x")] * 10)
        listener.offer("a")
        listener.offer("b")
        assert listener.closed is None
        listener.offer("c")
        listener.close(SESSION_OVER, "SESSION_ENDED")  # the first word stays
        assert await listener.next() is None
        assert await listener.over() == (SLOW, "SLOW_CLIENT")

    asyncio.run(story())
