"""What the API shows of a played day: what the database and the auditor know of it."""

import csv
import json
from datetime import datetime
from decimal import Decimal
from io import StringIO
from itertools import groupby
from pathlib import Path
from typing import Any

import jsonschema
import psycopg
import pytest
from msgspec.structs import replace
from psycopg.rows import dict_row

from api.app import ENDPOINTS
from api.endpoints import Endpoint
from api.openapi import document
from connectors.archive.reading import ArchivedRun
from connectors.storage.schema import upgrade
from connectors.storage.sink import seed
from flows.replay.explain import Explainer
from stack.runtime.demo import Demo
from stack.servers.services import Services
from tests.api.served import Served, as_api, served
from tests.waiting import eventually

pytestmark = [pytest.mark.kafka, pytest.mark.postgres, pytest.mark.timeout(300)]
READS = [
    e for e in ENDPOINTS if e.method == "GET" and e.path.startswith("/api/") and "{" not in e.path
]
SPEC = document(ENDPOINTS)
BETWEEN = "event_time >= '2025-03-12T15:00Z' AND event_time < '2025-03-12T16:00Z'"
SPAN = {"since": "2025-03-12T15:00:00Z", "until": "2025-03-12T16:00:00Z"}
SCORED = """EXISTS (SELECT 1 FROM article_sentiments c WHERE c.article_id = articles.id
  AND c.article_revision = articles.revision AND {})"""
ANY_SOURCE = "(SELECT source FROM articles GROUP BY source ORDER BY count(*) DESC LIMIT 1)"
QUERIES = {"/api/bars": {"ticker": "AAPL"}}


def rows(demo: Demo, sql: str) -> list[dict[str, Any]]:
    with psycopg.connect(demo.run.database_url, row_factory=dict_row) as connection:
        connection.execute(f"SET search_path TO {demo.run.schema}".encode())
        return connection.execute(sql.encode()).fetchall()


def valid(answer: Any, path: str, method: str = "get") -> Any:
    """Return an answer's body, which is as the document says."""
    assert answer.status_code < 300, answer.text
    said = SPEC["paths"][path][method]["responses"][str(answer.status_code)]
    schema = {**said["content"]["application/json"]["schema"], "components": SPEC["components"]}
    jsonschema.Draft202012Validator(schema).validate(answer.json())
    return answer.json()


@pytest.mark.parametrize("endpoint", READS, ids=lambda e: e.name)
def test_each_read_answers_as_documented(web: Served, endpoint: Endpoint) -> None:
    valid(web.get(endpoint.path, params=QUERIES.get(endpoint.path)), endpoint.path)


def test_the_portfolio_is_the_last_snapshot_s(web: Served, played_day: Demo) -> None:
    [last] = rows(played_day, "SELECT * FROM portfolio_snapshots ORDER BY stamp DESC LIMIT 1")
    shown = valid(web.get("/api/portfolio"), "/api/portfolio")
    for name in ("cash", "equity", "positions_value", "unrealized_pnl"):
        assert Decimal(shown[name]) == last[name], name
    assert shown["positions"] == last["open_positions"]
    assert Decimal(shown["day_pnl"]) == last["equity"] - 1_000_000
    held = valid(web.get("/api/portfolio/positions"), "/api/portfolio/positions")["positions"]
    assert sum(Decimal(p["value"]) for p in held) == last["positions_value"]
    status = valid(web.get("/api/controls/status"), "/api/controls/status")
    assert Decimal(status["flatten_proceeds"]) == last["positions_value"]
    assert (status["state"], status["session"]) == ("ACTIVE", "closed")


def test_metrics_are_of_the_snapshots_and_say_why_there_is_none(web: Served) -> None:
    found = valid(web.get("/api/portfolio/metrics", params={"period": "all"}),
                  "/api/portfolio/metrics")  # fmt: skip
    points = web.get("/api/portfolio/history", params={"period": "all"}).json()["points"]
    worth = [float(p["equity"]) for p in points]
    assert found["roi"]["value"] == pytest.approx(worth[-1] / worth[0] - 1)
    assert found["sharpe"] == {"value": None, "reason": "it needs 5 days that differ"}
    peak, deepest = worth[0], 0.0
    for value in worth:
        peak = max(peak, value)
        deepest = min(deepest, value / peak - 1)
    assert found["max_drawdown"]["value"] == pytest.approx(deepest)
    assert 0 < found["win_rate"]["value"] < 1


@pytest.mark.parametrize(
    ("path", "name", "table", "where", "params"),
    [
        ("/api/trades", "trades", "trades", "true", {}),
        ("/api/trades", "trades", "trades", "ticker = 'AAPL'", {"ticker": "AAPL"}),
        ("/api/trades", "trades", "trades", "pnl > 0", {"profitable": "true"}),
        ("/api/trades", "trades", "trades", "pnl <= 0", {"profitable": "false"}),
        ("/api/trades", "trades", "trades", "status = 'FILLED' AND strategy_id = 'momentum'",
         {"status": "FILLED", "strategy": "momentum"}),
        ("/api/trades", "trades", "trades", BETWEEN, SPAN),
        ("/api/decisions", "decisions", "decisions", "NOT accepted", {"accepted": "false"}),
        ("/api/decisions", "decisions", "decisions", "accepted", {"accepted": "true"}),
        ("/api/signals", "signals", "signals", "direction = 'SHORT' AND strength >= 0.5",
         {"direction": "SHORT", "min_strength": "0.5"}),
        ("/api/signals", "signals", "signals", "strategy_id = 'news_driven'",
         {"strategy": "news_driven"}),
        ("/api/signals", "signals", "signals", "acted_on", {"acted_on": "true"}),
        ("/api/signals", "signals", "signals", "acted_on IS NOT TRUE", {"acted_on": "false"}),
        ("/api/news", "articles", "articles", "true", {}),
        ("/api/news", "articles", "articles", "source = " + ANY_SOURCE, {"source": "?"}),
        ("/api/news", "articles", "articles", SCORED.format("c.ticker = 'AAPL'"),
         {"ticker": "AAPL"}),
        ("/api/news", "articles", "articles", SCORED.format("c.sentiment_score >= 0.5"),
         {"min_score": "0.5"}),
        ("/api/news", "articles", "articles",
         SCORED.format("c.ticker = 'AAPL' AND c.sentiment_score <= 0") + " AND source = "
         + ANY_SOURCE, {"ticker": "AAPL", "max_score": "0", "source": "?"}),
    ],
)  # fmt: skip
def test_pages_together_are_all_rows_once(
    web: Served, played_day: Demo, path: str, name: str, table: str, where: str,
    params: dict[str, str],
) -> None:  # fmt: skip
    wanted = {r["id"] for r in rows(played_day, f"SELECT id FROM {table} WHERE {where}")}
    assert wanted
    if params.get("source") == "?":
        [source] = rows(played_day, f"SELECT {ANY_SOURCE} AS named")
        params = {**params, "source": source["named"]}
    headers = web.bearer("viewer")
    found: list[dict[str, Any]] = []
    cursor: str | None = ""
    while cursor is not None:
        asked = {**params, "limit": "23", **({"cursor": cursor} if cursor else {})}
        page = valid(web.client.get(path, params=asked, headers=headers), path)
        found += page[name]
        cursor = page["cursor"]
    assert len(found) == len(wanted)
    assert {row["id"] for row in found} == wanted
    if name != "articles":
        times = [datetime.fromisoformat(row["at"]) for row in found]
        assert times == sorted(times, reverse=True)


def test_denials_that_are_alike_are_folded(web: Served, played_day: Demo) -> None:
    plain = _every(web, {"limit": "500"})
    folded = web.get("/api/decisions", params={"limit": "500", "fold": "true"}).json()["decisions"]
    assert len(folded) < len(plain)
    assert sum(row["count"] for row in folded) == len(plain)
    assert all(row["count"] == 1 for row in folded if row["accepted"])
    # By ticker, each denial stands in the row of its run, which is the newest of it.
    for ticker in {row["ticker"] for row in plain}:
        of_one = [row for row in plain if row["ticker"] == ticker]
        runs = [list(run) for _, run in groupby(of_one, _apart)]
        assert [
            (run[0]["id"], len(run), run[-1]["at"]) for run in runs
        ] == [
            (row["id"], row["count"], row["first_at"]) for row in folded if row["ticker"] == ticker
        ]  # fmt: skip
    assert _every(web, {"limit": "7", "fold": "true"}) == folded


def _every(web: Served, asked: dict[str, str]) -> list[dict[str, Any]]:
    """Return all decisions of a list; each page but the last is full."""
    found: list[dict[str, Any]] = []
    cursor: str | None = ""
    while cursor is not None:
        more = {"cursor": cursor} if cursor else {}
        page = web.get("/api/decisions", params={**asked, **more}).json()
        found, cursor = found + page["decisions"], page["cursor"]
        assert len(page["decisions"]) == int(asked["limit"]) or cursor is None
    return found


def _apart(row: dict[str, Any]) -> tuple[str, str, str]:
    """Return what decisions of a ticker share that stand in one row; accepted ones share none."""
    return (row["id"] if row["accepted"] else "", row["side"], row["code"])


def test_a_trade_with_all_it_came_from(web: Served, played_day: Demo) -> None:
    [one] = rows(
        played_day,
        """SELECT t.id, s.id AS signal, o.decision_id FROM trades t JOIN signals s
           ON s.id = t.signal_id JOIN orders o ON o.id = t.order_id
           WHERE t.pnl IS NOT NULL AND EXISTS (SELECT 1 FROM article_sentiments c
             WHERE c.id = ANY(s.causes)) LIMIT 1""",
    )
    found = valid(web.get(f"/api/trades/{one['id']}"), "/api/trades/{id}")
    assert found["decision"]["id"] == one["decision_id"]
    assert found["signal"]["id"] == one["signal"]
    assert found["headlines"]
    assert one["id"] in {t["id"] for t in found["trades"]}
    assert [Decimal(o["realized_pnl"]) for o in found["outcomes"]] == [
        Decimal(t["pnl"]) for t in found["trades"]
    ]
    assert found["order"]["id"] == found["trades"][0]["order_id"]
    assert found["order"]["reduces"]
    fill = found["trades"][0]
    worse = (Decimal(fill["price"]) - Decimal(fill["decision_price"])) * fill["qty"]
    assert Decimal(fill["slippage"]) == (worse if fill["side"] == "BUY" else -worse)
    wanted = rows(
        played_day,
        f"SELECT id FROM learning_adjustments WHERE '{found['outcomes'][0]['id']}' = ANY(outcomes)",
    )
    assert {a["id"] for a in found["adjustments"]} == {row["id"] for row in wanted} != set()
    same = valid(web.get(f"/api/decisions/{one['decision_id']}"), "/api/decisions/{id}")
    assert same == found
    article = found["headlines"][0]
    led = valid(web.get(f"/api/news/{article['id']}"), "/api/news/{id}")["led_to"]
    assert one["signal"] in {r["id"] for r in led}


def test_checks_are_told_as_fields_and_explained_alike(web: Served, played_day: Demo) -> None:
    explainer = Explainer(ArchivedRun(Path(played_day.run.archive)))
    for where in ("accepted AND cause = 'signal'", "code = 'ALREADY_HELD'", "code = 'NO_POSITION'"):
        [row] = rows(played_day, f"SELECT id, code FROM decisions WHERE {where} LIMIT 1")
        told = web.get(f"/api/decisions/{row['id']}").json()["decision"]["checks"]
        assert [{k: v for k, v in c.items() if k != "denied"} for c in told] == (
            explainer.of(row["id"]).checks
        )
        denied = [c["code"] for c in told if c["denied"]]
        assert denied == ([] if row["code"] == "ACCEPTED" else [row["code"]])
        assert told
        assert all(c["passed"] for c in told) == (row["code"] == "ACCEPTED")


def test_the_system_tells_how_topics_grow(web: Served, played_day: Demo) -> None:
    web.flows.update(trade="running", news="silent")
    eventually(web.api.watch.topics)
    eventually(web.api.tailing)
    told = web.get("/api/system").json()
    assert [f["flow"] for f in told["flows"]] == ["trade", "news"]
    assert told["alerts"][0]["code"] == "FLOW_DOWN"
    topics = {t["topic"]: t for t in told["topics"]}
    bars = rows(played_day, "SELECT count(*) AS n FROM market_data")[0]["n"]
    assert topics["market.bars"]["records"] == bars  # and no tick
    assert topics["market.bars"]["newest"] is not None
    for name, table in (("trades.executed", "trades"), ("trade.decisions", "decisions"),
                        ("signals.generated", "signals")):  # fmt: skip
        [stored] = rows(played_day, f"SELECT count(*) AS n FROM {table}")
        assert topics[name]["records"] == stored["n"], name
    quiet = topics["executions.corrected"]  # ticks alone
    assert (quiet["records"], quiet["newest"]) == (0, None)
    assert all(t["records"] == 0 for name, t in topics.items() if name.endswith(".dlq"))
    flow = told["flows"][0]
    assert (flow["clock"], flow["clock_age_s"]) == ("2026-05-04T12:00:00Z", None)
    assert topics["trades.executed"]["delay_ms_p50"] is None  # simulated time


def test_csv_of_trades(web: Served) -> None:
    answer = web.get("/api/trades", params={"format": "csv", "limit": "5"})
    assert answer.headers["content-type"].startswith("text/csv")
    assert answer.headers["content-disposition"] == 'attachment; filename="trades.csv"'
    head, *found = csv.reader(StringIO(answer.text))
    assert head[:3] == ["event_time", "ticker", "side"]
    assert len(found) == 5


def test_bars_of_a_day_and_of_a_span(web: Served) -> None:
    path = "/api/bars"
    day = valid(web.get(path, params={"ticker": "AAPL"}), path)
    assert (day["interval"], len(day["bars"])) == ("1m", 390)
    span = {"since": "2025-03-12T15:00:00Z", "until": "2025-03-12T15:30:00Z"}
    part = valid(web.get(path, params={"ticker": "AAPL", **span}), path)
    assert len(part["bars"]) == 30
    assert part["bars"] == [b for b in day["bars"] if span["since"] <= b["start"] < span["until"]]


def test_bars_come_with_indicators(web: Served) -> None:
    asked = {"ticker": "AAPL", "indicators": "rsi,sma"}
    told = valid(web.get("/api/bars", params=asked), "/api/bars")
    assert set(told["indicators"]) == {"sma", "rsi"}
    bars, sma = told["bars"], told["indicators"]["sma"]
    assert len(sma) == len(bars)
    assert sma[-1] == pytest.approx(sum(float(b["close"]) for b in bars[-20:]) / 20)
    # Cut elsewhere, a bar has the same values: those before it are read too.
    since = bars[200]["start"]
    cut = web.get("/api/bars", params={**asked, "since": since}).json()
    assert cut["bars"][0]["start"] == since
    assert cut["indicators"]["rsi"] == pytest.approx(told["indicators"]["rsi"][200:])
    for wrong in ("macd", "rsi,", "rsi;sma", ""):
        answer = web.get("/api/bars", params={"ticker": "AAPL", "indicators": wrong})
        assert (answer.status_code, answer.json()["code"]) == (422, "NOT_ALLOWED")


def test_strategies_and_how_they_do(web: Served) -> None:
    known = valid(web.get("/api/strategies"), "/api/strategies")["strategies"]
    assert [s["id"] for s in known] == ["mean_reversion", "momentum", "news_driven"]
    assert sum(s["weight"] for s in known) == pytest.approx(1)
    path = "/api/strategies/{id}/metrics"
    found = valid(web.get("/api/strategies/momentum/metrics"), path)
    assert found["needed"] == 20
    assert found["weight"] == next(s["weight"] for s in known if s["id"] == "momentum")
    assert found["missing"] == max(0, 20 - found["trades"])
    history = valid(web.get("/api/strategies/momentum/history"), "/api/strategies/{id}/history")
    assert history["changes"][-1]["reason"] == "seed"


def test_a_strategy_without_a_figure_weighs_what_it_weighs(
    services: Services, played_day: Demo, tmp_path: Path
) -> None:
    run = replace(played_day.run, directory=str(tmp_path), schema="run_without_figures")
    upgrade(run.database_url, run.schema)
    seed(run.database_url, run.schema)
    with served(run, as_api(services, run)) as web:
        for known in web.get("/api/strategies").json()["strategies"]:
            found = web.get(f"/api/strategies/{known['id']}/metrics").json()
            assert (found["at"], found["weight"]) == (None, known["weight"])
            assert found["weight"] > 0.3


def test_large_answers_are_zipped_and_small_ones_are_not(web: Served) -> None:
    large = web.get("/api/trades", params={"limit": "100"})
    assert large.headers["content-encoding"] == "gzip"
    assert "content-encoding" not in web.client.get("/health").headers


def test_the_document_is_served_and_every_reference_leads_somewhere(web: Served) -> None:
    served = web.client.get("/api/openapi.json").json()
    assert served == json.loads(json.dumps(SPEC))
    assert served["openapi"] == "3.1.0"
    text, schemas = json.dumps(served), served["components"]["schemas"]
    for part in text.split('"$ref": "')[1:]:
        assert part.split('"')[0].removeprefix("#/components/schemas/") in schemas
    names = [op["operationId"] for path in served["paths"].values() for op in path.values()]
    assert len(names) == len(set(names)) == len(ENDPOINTS)
    assert all(op["summary"].endswith(".") for p in served["paths"].values() for op in p.values())
