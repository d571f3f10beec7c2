"""News -> sentiment -> signal, on the real services."""

from typing import Any

import psycopg
import pytest

from stack.audit.topic_reader import read_topics
from stack.runtime.demo import Demo
from stack.servers.services import Services
from tests.e2e.story import bar_row, headline, write
from tests.harness import options, play

pytestmark = [pytest.mark.kafka, pytest.mark.postgres, pytest.mark.timeout(400)]

GOOD = "Apple soars after record profit, analysts upgrade"
DULL = "Software maker to hold a conference"


@pytest.fixture(scope="module")
def told(services: Services, tmp_path_factory: pytest.TempPathFactory) -> Demo:
    """Play forty flat minutes with one strong headline, a dull one and a copy of the strong."""
    bars = [bar_row(m, 200.0) for m in range(40)]
    news = [
        headline(5.5, DULL, "MSFT"),
        headline(10.5, GOOD, "AAPL"),
        headline(11.5, GOOD.upper(), "AAPL"),
    ]
    files = write(tmp_path_factory.mktemp("story"), bars, news)
    demo, summary = play(services, options(*files))
    assert summary["accounted"], summary.get("first_unaccounted")
    assert summary["votes"] == {"news_driven": 1}
    return demo


def of(demo: Demo, topic: str) -> list[dict[str, Any]]:
    run = demo.run
    return [r.body for r in read_topics(run.layout, [topic])[topic]]


def test_each_article_is_scored_for_its_ticker(told: Demo) -> None:
    scores = {s["title"]: s for s in of(told, "news.scored")}
    assert scores[GOOD]["sentiment_score"] > 0.7
    assert abs(scores[DULL]["sentiment_score"]) < 0.25
    assert scores[GOOD]["model_used"].startswith("instant/")
    assert scores[DULL]["ticker"] == "MSFT"


def test_the_strong_headline_makes_one_signal_at_once(told: Demo) -> None:
    (signal,) = of(told, "signals.generated")
    (raw,) = [a for a in of(told, "news.raw") if a["title"] == GOOD]
    assert signal["direction"] == "LONG"
    assert signal["ticker"] == "AAPL"
    assert signal["event_time"] == raw["published_at"] == "2025-03-12T13:40:30Z"
    assert [s["strategy"] for s in signal["strategy_sources"]] == ["news_driven"]
    assert signal["sentiment_context"]["count"] == 1


def test_causes_lead_from_the_signal_to_the_articles(told: Demo) -> None:
    (signal,) = of(told, "signals.generated")
    scored = {s["id"]: s for s in of(told, "news.scored")}
    raw = {a["id"] for a in of(told, "news.raw")}
    weights = {w["id"] for w in of(told, "strategy.weights")}
    named = [c for c in signal["causes"] if c in scored]
    assert len(named) == 1
    assert set(signal["causes"]) - set(named) <= weights
    assert all(scored[c]["causes"][0] in raw for c in named)


def test_the_database_says_the_same(told: Demo) -> None:
    with psycopg.connect(told.run.database_url) as connection:
        connection.execute(f"SET search_path TO {told.run.schema}".encode())
        rows = connection.execute("SELECT ticker, direction, acted_on FROM signals").fetchall()
        windows = connection.execute(
            "SELECT seconds, count FROM sentiment_windows ORDER BY stamp, seconds, id"
        ).fetchall()
    assert rows == [("AAPL", "LONG", True)]
    # Two tickers, one article each: the near-copy in capitals counts once.
    assert windows == [(300, 1), (300, 1), (3600, 1), (3600, 1)]
