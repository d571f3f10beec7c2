"""How the system is: process, readiness, flows, dead letters."""

import base64
from collections.abc import Sequence
from typing import Any, Literal

from api.context import Api, Call
from api.endpoints import Endpoint, NoQuery
from api.pages import PageAsked, after_of, cursor_of
from api.problems import Away
from api.values import Answer, Moment
from api.vitals import FeedVitals
from api.watch import Growth, alerts_of
from connectors.market.silence import BARS_FEED, silence
from connectors.storage.pages import Pages
from connectors.version import VERSION
from messages.topics import MARKET_BARS


class Good(Answer):
    """All is well."""

    status: Literal["ok"] = "ok"


class Flow(Answer):
    """A flow's process: running, restarting, ended, failed, or silent.

    Attributes:
        lag: records that it has not read yet.
        clock: the time of its log; null before its first record.
        clock_age_s: the wall clock less that, of a live run; null where time is simulated.
        epoch_age_s: since everything was last durable.
    """

    flow: str
    state: str
    lag: int
    clock: Moment | None
    clock_age_s: float | None
    epoch_age_s: float | None
    restarts: int


class Feed(Answer):
    """A feed of news or of bars: healthy, failing, or waiting for its first fetch."""

    feed: str
    state: str
    last_success: Moment | None
    last_item: Moment | None
    entries: int
    errors: int
    detail: str


class TopicLevel(Answer):
    """A topic of the run.

    Attributes:
        records: facts that were ever appended: what tells the time alone (a tick) is none. Null
            while that is not known: after a restart, until a quiet topic has its next one.
        newest: when the last of them was.
        rate: a second, over the last five minutes; null before the second look, ten seconds after
            the start.
        delay_ms_p50, delay_ms_p99: from the moment that a record is of to its append, of the newest
            200 of a live run; what a topic adds to the one before it is the delay of that hop.
    """

    topic: str
    records: int | None
    newest: Moment | None
    rate: float | None
    delay_ms_p50: float | None
    delay_ms_p99: float | None


class AlertAnswer(Answer):
    """Something that somebody should look at.

    Attributes:
        about: a flow, a feed, a topic, the broker (of Kafka), the database, or whoever fills the
            orders, by name.
    """

    code: str
    severity: Literal["warning", "critical"]
    about: str
    detail: str


class System(Answer):
    """How the run is: its processes, feeds and topics, and what is amiss, the worst first."""

    version: str
    run: str
    live: bool
    ended: bool
    flows: list[Flow]
    feeds: list[Feed]
    topics: list[TopicLevel]
    alerts: list[AlertAnswer]


class DeadLetter(Answer):
    """A record that could not be used; `payload` is base64, cut after 64 KiB."""

    id: str
    at: Moment
    reason: str
    detail: str
    topic: str
    partition: int
    offset: int
    size: int
    payload: str


class DeadLetters(Answer):
    """A page of dead letters, newest first."""

    dead_letters: list[DeadLetter]
    cursor: str | None


def health(api: Api, call: Call[NoQuery, None]) -> Good:
    """Whether the process answers."""
    return Good()


def ready(api: Api, call: Call[NoQuery, None]) -> Good:
    """Whether the database and the broker answer, too."""
    with api.pool.connection() as connection:
        connection.execute("SELECT 1")
    if not api.tailing():
        raise Away("broker")
    return Good()


def system(api: Api, call: Call[NoQuery, None]) -> System:
    """How the flows, feeds and topics are, and what is amiss.

    It asks neither database nor broker, and so tells that one of them hangs.
    """
    flows, feeds, topics, live = api.flows(), api.feeds(), api.watch.topics(), api.run.live
    told = api.broker()
    amiss = alerts_of(
        flows, feeds, topics, live=live, tailing=api.tailing(), stored=api.stored(),
        silence=_silence(api, feeds, topics),
        broker=None if told is None else (api.run.broker_params.kind, told),
    )  # fmt: skip
    return System(
        version=VERSION, run=api.run.run_id, live=live, ended=api.ended,
        flows=[Flow.model_validate(flow) for flow in flows],
        feeds=[Feed.model_validate(feed) for feed in feeds],
        topics=[_topic(api, growth) for growth in topics],
        alerts=[AlertAnswer.model_validate(alert) for alert in amiss],
    )  # fmt: skip


def _silence(api: Api, feeds: Sequence[FeedVitals], topics: Sequence[Growth]) -> str | None:
    """Return that no bars come to a live run, in words.

    What follows a feed of bars knows of its live ones; otherwise any record of the topic counts.
    """
    newest = {topic.topic: topic.newest for topic in topics}
    if not api.run.live or MARKET_BARS.name not in newest:
        return None  # before the first look nothing is known
    market = api.run.market_params
    if market.feed == "outside":
        return silence(newest[MARKET_BARS.name], api.now(), market)
    told = {feed.feed: feed.last_item for feed in feeds}
    if BARS_FEED not in told:
        return None
    return silence(told[BARS_FEED], api.now(), market)


def _topic(api: Api, growth: Growth) -> TopicLevel:
    median, slow = (api.delays.of(growth.topic) if api.run.live else None) or (None, None)
    return TopicLevel(
        topic=growth.topic, records=growth.records, newest=growth.newest, rate=growth.rate,
        delay_ms_p50=median, delay_ms_p99=slow,
    )  # fmt: skip


def dead_letters(api: Api, call: Call[PageAsked, None]) -> DeadLetters:
    """What could not be used, and why, newest first."""
    with api.pool.connection() as connection:
        rows = Pages(connection).page(
            "dead_letters", {}, after_of(call.query, "dead_letters"), call.query.limit
        )  # fmt: skip
    return DeadLetters(
        dead_letters=[_letter(row) for row in rows],
        cursor=cursor_of(rows, call.query, "dead_letters"),
    )


def _letter(row: dict[str, Any]) -> DeadLetter:
    plain = {**row, "payload": base64.b64encode(row["payload"]).decode()}
    return DeadLetter(at=row["event_time"], offset=row["record_offset"], **plain)


ENDPOINTS = (
    Endpoint("GET", "/health", health, None, Good, quick=True),
    Endpoint("GET", "/ready", ready, None, Good, problems=(503,)),
    Endpoint("GET", "/api/system", system, "viewer", System, quick=True),
    Endpoint("GET", "/api/system/dead-letters", dead_letters, "viewer", DeadLetters,
             query=PageAsked),
)  # fmt: skip
