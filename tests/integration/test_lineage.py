"""Where a trade came from and who is credited for it: on the rows that the sink really writes."""

import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import psycopg
import pytest
from msgspec.structs import replace
from psycopg.rows import dict_row

from api.lineage import Lineage, lineage_of
from connectors.storage.pages import Pages
from connectors.storage.schema import upgrade
from messages.learning import TradeOutcome
from messages.market import Bar
from messages.trading import Decision, ExecutionCorrected, SentimentContext, TradeExecution
from messages.units import to_datetime
from operators.blocks import Block, Event
from operators.learning.outcomes import Outcomes
from operators.params import FillParams, Params, RiskParams
from operators.trading.desk import Desk
from stack.servers.services import Services
from tests.storing import store
from tests.streams import DAY, END, at, bar, bodies, command, raw, scored, signal

pytestmark = [pytest.mark.postgres, pytest.mark.timeout(300)]
PARAMS = Params(risk=RiskParams(cooldown_minutes=0), fills=FillParams(slippage_bps=7))
EVER = datetime(1970, 1, 1, tzinfo=UTC)
CAUSE, WEIGHED = "Title of a cause", "Title of what was weighed"


@pytest.fixture
def schema(services: Services) -> Iterator[str]:
    name = f"test_{uuid.uuid4().hex[:8]}"
    upgrade(services.database_url, name)
    yield name
    with psycopg.connect(services.database_url, autocommit=True) as connection:
        connection.execute(f"DROP SCHEMA {name} CASCADE".encode())


@pytest.fixture
def pages(services: Services, schema: str) -> Iterator[Pages]:
    options = f"-c search_path={schema} -c timezone=UTC"
    with psycopg.connect(
        services.database_url, autocommit=True, row_factory=dict_row, options=options
    ) as connection:
        yield Pages(connection)


def id_of(event: Event) -> str:
    body: Any = event.body
    found: str = body.id
    return found


def news(minute: float, title: str) -> tuple[Event, Event]:
    """Return an article, and its score for AAA."""
    article = raw(minute, title, ("AAA",))
    body: Any = article.body
    score = scored(minute, "AAA", 0.5, id=f"sco-{body.id[4:]}", article_id=body.id)
    return article, score


def played(qty: int | None = None) -> list[Event]:
    """Enter by momentum, leave by mean reversion; the exit is corrected to so many shares."""
    used, weighed = news(1, CAUSE), news(1.5, WEIGHED)
    said: Any = signal(2, "AAA", "LONG", "momentum")
    ids = tuple(map(id_of, (used[0], weighed[0])))
    context = SentimentContext(
        count=2, mean=0.5, decayed_mean=0.5, confidence=0.9, as_of=to_datetime(at(1.5)),
        article_ids=ids,
    )  # fmt: skip
    entry = said._replace(
        body=replace(said.body, causes=(id_of(used[1]),), sentiment_context=context)
    )
    heard = [*(bar(m, "AAA", 100_0000 + m * 1_0000) for m in range(1, 12)), entry,
             signal(5, "AAA", "SHORT", "mean_reversion")]  # fmt: skip
    if qty is not None:
        [_, close] = bodies(desk(heard), TradeExecution)[:2]
        asked = command(8, "correct_execution")
        changed = replace(asked.body, execution=close.id, qty=qty, price=107.0)
        heard.append(asked._replace(body=changed))
    made = desk(heard)
    signals = [e for e in heard if not isinstance(e.body, Bar)]
    judged = Outcomes(PARAMS.risk).step(Block(ordered([*signals, *made]), END)).events
    outcomes = [e for e in judged if isinstance(e.body, TradeOutcome)]
    return ordered([*used, *weighed, *heard, *made, *outcomes])


def desk(heard: list[Event]) -> list[Event]:
    return Desk(PARAMS, DAY).step(Block(ordered(heard), END)).events


def ordered(events: list[Event]) -> list[Event]:
    return sorted(events, key=lambda e: (e.stamp, not isinstance(e.body, Bar)))


def lineages(pages: Pages, events: list[Event]) -> tuple[Lineage, Lineage]:
    """Return the lineage of the entry, and that of the exit."""
    found = []
    for decided in [d for d in bodies(events, Decision) if d.accepted][:2]:
        [row] = pages.read("decision", id=decided.id)
        found.append(lineage_of(pages, row, row["signal_id"]))
    return found[0], found[1]


def test_headlines_are_all_that_was_weighed_and_say_which_were_voted_for(
    services: Services, schema: str, pages: Pages
) -> None:
    events = played()
    store(services, schema, events)
    entry, close = lineages(pages, events)
    assert [(h.title, h.used) for h in entry.headlines] == [(CAUSE, True), (WEIGHED, False)]
    assert entry.signal is not None
    assert entry.signal.sentiment_count == len(entry.signal.sentiment_articles) == 2
    assert close.signal is not None
    assert (close.signal.sentiment_count, close.signal.sentiment_articles) == (None, [])
    assert close.headlines == []
    for headline in entry.headlines:
        [led] = pages.read("reactions", id=headline.id)
        assert (led["id"], led["used"]) == (entry.signal.id, headline.used)
        [counted] = pages.read("reactions_of", ids=[headline.id])
        assert (counted["signals"], counted["orders"]) == (1, 1)


def test_a_score_that_came_later_was_not_weighed(
    services: Services, schema: str, pages: Pages
) -> None:
    """An article is shown by the score that was known when the signal was made."""
    events = played()
    body: Any = next(e.body for e in events if getattr(e.body, "title", "") == WEIGHED)
    later: Any = scored(9, "AAA", -0.9, id="sco-later", article_id=body.id, revision=1)
    store(services, schema, [*events, later])
    entry, _ = lineages(pages, events)
    assert [h.sentiment_score for h in entry.headlines] == [0.5, 0.5]


def test_a_closing_trade_names_its_entry_and_credits_it(
    services: Services, schema: str, pages: Pages
) -> None:
    events = played()
    trades, others = (
        [e for e in events if isinstance(e.body, TradeOutcome) == after] for after in (False, True)
    )
    for batches in ([trades, others], [others, trades]):  # whichever comes first
        store(services, schema, *batches)
        entry, close = lineages(pages, events)
        assert {t.strategy for t in (*entry.trades, *close.trades)} == {"momentum"}
        assert entry.entry_order is None
        assert entry.entry_trades == []
        assert close.entry_order == entry.order
        assert close.entry_trades == entry.trades
        [outcome] = close.outcomes
        assert outcome.strategy == "momentum"
        assert sum(c.pnl for c in outcome.credits) == outcome.realized_pnl == close.trades[0].pnl
        pages._connection.execute(b"TRUNCATE trades, trade_outcomes, orders, decisions, signals")


def test_the_slippage_of_an_outcome_is_of_both_sides_and_of_each(
    services: Services, schema: str, pages: Pages
) -> None:
    events = played()
    store(services, schema, events)
    entry, close = lineages(pages, events)
    [outcome] = close.outcomes
    assert outcome.entry_slippage == entry.trades[0].slippage != 0
    assert outcome.exit_slippage == close.trades[0].slippage != 0
    assert outcome.slippage == (outcome.entry_slippage or 0) + (outcome.exit_slippage or 0)


@pytest.mark.parametrize("share", [0.5, 1, 0])
def test_only_the_newest_revision_of_an_outcome_counts(
    services: Services, schema: str, pages: Pages, share: float
) -> None:
    """Half of it, the same shares at another price, and busted."""
    [_, close] = bodies(played(), TradeExecution)[:2]
    events = played(int(close.qty * share))
    assert bodies(events, ExecutionCorrected)
    told = bodies(events, TradeOutcome)
    assert [o.revision for o in told[:2]] == [0, 1]
    store(services, schema, events)
    decided = [d for d in bodies(events, Decision) if d.accepted][1]
    [row] = pages.read("decision", id=decided.id)
    [shown] = lineage_of(pages, row, row["signal_id"]).outcomes
    assert (shown.id, shown.revision, shown.qty) == (told[1].id, 1, told[1].qty)
    assert shown.exit_slippage is shown.entry_slippage is None
    left = {o.replaces for o in told}
    kept = [o.realized_pnl for o in told if o.id not in left and o.qty]
    profits = pages.read("profits", account=close.account, since=EVER)
    assert [p["realized_pnl"] for p in profits] == kept
    [total] = pages.read("profit", account=close.account, since=EVER, until=to_datetime(END))
    assert (total["realized_pnl"], total["outcomes"]) == (sum(kept, Decimal(0)), len(kept))
    [of_order] = pages.read("outcomes_of_orders", ids=[close.order_id])
    assert (of_order["pnl"], of_order["roi"]) == (told[1].realized_pnl, told[1].roi)
    [trade] = pages.read("trade", id=close.id)
    assert trade["outcome"]["id"] == told[1].id
