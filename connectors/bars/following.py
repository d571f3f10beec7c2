"""Follows what the run holds and what is in its news, on a thread of its own.

It decides nothing: bars that come are facts, whatever made somebody ask for them.
"""

import logging
import threading
from collections.abc import Callable
from typing import Final

from connectors.bars.interests import Interests
from connectors.kafka.follower import Follower
from connectors.kafka.layout import BrokerUnavailable, Layout
from messages.base import Message
from messages.topics import NEWS_SCORED, POSITIONS, Topic

log = logging.getLogger(__name__)
ALL: Final = 2**62  # records before the end: the whole topic
NEWS: Final = 2_000  # of each partition
FOLLOWED: Final[tuple[tuple[Topic[Message], int], ...]] = ((POSITIONS, ALL), (NEWS_SCORED, NEWS))
READ_S: Final = 0.5
AGAIN_S: Final = 5.0


def keep_following(
    layout: Layout, interests: Interests, closed: threading.Event,
    changed: Callable[[], None] = lambda: None,
) -> None:  # fmt: skip
    """Have interests follow the run's topics until closed, by a daemon thread.

    Args:
        layout: of the run.
        interests: told of every record.
        closed: ends it.
        changed: called after each change.
    """
    threading.Thread(
        target=_keep, args=(layout, interests, closed, changed), name="bars-following", daemon=True
    ).start()


def _keep(
    layout: Layout, interests: Interests, closed: threading.Event, changed: Callable[[], None]
) -> None:
    while not closed.is_set():
        followers: list[Follower] = []
        try:
            followers += (Follower(layout, (topic,), before=n) for topic, n in FOLLOWED)
            while not closed.is_set():
                for follower in followers:
                    for record in follower.read(READ_S):
                        interests.take(record.body)
                        changed()
        except BrokerUnavailable as error:
            log.warning("who follows positions and news waits for the broker: %s", error)
        except Exception:  # a thread that died would leave old interests standing
            log.exception("who follows positions and news begins again")
        finally:
            for follower in followers:
                follower.close()
        closed.wait(AGAIN_S)
