"""Lists: what stands beside each row, by what they are narrowed, and which cursors they take."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from api.routes.trades import DecisionsAsked
from stack.runtime.demo import Demo
from tests.api.served import Served
from tests.api.test_reads import rows, valid

pytestmark = [pytest.mark.kafka, pytest.mark.postgres, pytest.mark.timeout(300)]
DECISIONS = "/api/decisions"
NOON = "2025-03-12T16:00:00Z"
OF_MOMENTUM = "signal_id IN (SELECT id FROM signals WHERE strategy_id = 'momentum')"


def every(web: Served, path: str, name: str, **params: str) -> list[dict[str, Any]]:
    """Return all rows of a list, page by page."""
    found: list[dict[str, Any]] = []
    cursor: str | None = ""
    headers = web.bearer("viewer")
    while cursor is not None:
        asked = {"limit": "400", **params, **({"cursor": cursor} if cursor else {})}
        page = valid(web.client.get(path, params=asked, headers=headers), path)
        found += page[name]
        cursor = page["cursor"]
    return found


def test_what_came_of_a_decision_stands_beside_it(web: Served, played_day: Demo) -> None:
    signals = {r["id"]: r for r in rows(played_day, "SELECT * FROM signals")}
    orders = {r["decision_id"]: r for r in rows(played_day, "SELECT * FROM orders")}
    fills: dict[str, list[dict[str, Any]]] = {}
    for row in rows(played_day, "SELECT * FROM trades ORDER BY stamp, id"):
        fills.setdefault(row["order_id"], []).append(row)
    ends = {r["exit_order_id"]: r for r in rows(played_day, "SELECT * FROM trade_outcomes")}
    found = every(web, DECISIONS, "decisions")
    assert {d["id"] for d in found if d["done"]} == set(orders)
    for told in found:
        said = signals.get(told["signal_id"], {})
        assert (told["strategy"], told["strength"]) == (
            said.get("strategy_id"), said.get("strength")
        )  # fmt: skip
        assert told["command_id"] == ""
        if (done := told["done"]) is None:
            assert not told["accepted"]
            continue
        order = orders[told["id"]]
        filled = [f for f in fills.get(order["id"], []) if f["price"] is not None]
        shares = sum(f["qty"] for f in filled)
        assert (done["order"], done["qty"], done["filled"]) == (order["id"], order["qty"], shares)
        assert done["status"] == order["status"]
        assert done["trade"] == (fills[order["id"]][-1]["id"] if order["id"] in fills else None)
        if not filled:
            assert (done["price"], done["slippage_bps"]) == (None, None)
            continue
        worth = sum(f["qty"] * f["price"] for f in filled)
        assert abs(Decimal(done["price"]) - worth / shares) <= Decimal("0.0001")
        decided = sum(f["qty"] * f["decision_price"] for f in filled)
        worse = float(worth / decided - 1) * (10_000 if told["side"] == "BUY" else -10_000)
        assert done["slippage_bps"] == pytest.approx(worse, abs=1e-6)
        end = ends.get(order["id"])
        assert (done["pnl"] is None) == (end is None)
        if end is not None:
            assert Decimal(done["pnl"]) == end["realized_pnl"]
            assert (done["roi"], done["hold_seconds"]) == (end["roi"], end["hold_seconds"])
    assert any(d["done"] and d["done"]["roi"] is not None for d in found)


@pytest.mark.parametrize(
    ("params", "where"),
    [
        ({"code": "ALREADY_HELD"}, "code = 'ALREADY_HELD'"),
        ({"code": "STALE_PRICE"}, "code = 'STALE_PRICE'"),
        ({"strategy": "momentum"}, OF_MOMENTUM),
        ({"since": NOON}, f"event_time >= '{NOON}'"),
        ({"until": NOON}, f"event_time < '{NOON}'"),
        ({"since": "2025-03-12T15:00:00Z", "until": NOON, "accepted": "true"},
         f"event_time >= '2025-03-12T15:00Z' AND event_time < '{NOON}' AND accepted"),
        ({"ticker": "AAPL", "code": "ALREADY_HELD", "strategy": "momentum"},
         f"ticker = 'AAPL' AND code = 'ALREADY_HELD' AND {OF_MOMENTUM}"),
    ],
)  # fmt: skip
def test_decisions_are_narrowed_alike_folded_or_not(
    web: Served, played_day: Demo, params: dict[str, str], where: str
) -> None:
    wanted = {r["id"] for r in rows(played_day, f"SELECT id FROM decisions WHERE {where}")}
    plain = every(web, DECISIONS, "decisions", **params)
    assert {d["id"] for d in plain} == wanted
    assert len(plain) == len(wanted)
    folded = every(web, DECISIONS, "decisions", **params, fold="true")
    assert sum(d["count"] for d in folded) == len(wanted)
    assert {d["id"] for d in folded} <= wanted
    assert all(d["count"] == 1 and d["first_at"] == d["at"] for d in plain)


def test_since_when_positions_are_held(web: Served, played_day: Demo) -> None:
    held = valid(web.get("/api/portfolio/positions"), "/api/portfolio/positions")["positions"]
    assert held
    for position in held:
        fills = rows(
            played_day,
            "SELECT event_time, side, qty FROM trades WHERE price IS NOT NULL AND ticker = "
            f"'{position['ticker']}' ORDER BY stamp, id",
        )
        shares, opened = 0, None
        for fill in fills:
            opened = fill["event_time"] if shares == 0 else opened
            shares += fill["qty"] if fill["side"] == "BUY" else -fill["qty"]
        assert shares == position["qty"]
        assert datetime.fromisoformat(position["opened_at"]) == opened


def test_news_until_a_moment_and_what_they_led_to(web: Served, played_day: Demo) -> None:
    wanted = rows(played_day, f"SELECT DISTINCT id FROM articles WHERE published_at < '{NOON}'")
    found = every(web, "/api/news", "articles", until=NOON)
    assert {a["id"] for a in found} == {r["id"] for r in wanted}
    led = rows(
        played_day,
        """SELECT c.article_id AS id, count(DISTINCT s.id) AS signals,
             count(DISTINCT o.id) AS orders
           FROM article_sentiments c JOIN signals s ON c.id = ANY(s.causes)
             OR (c.article_id = ANY(s.sentiment_articles) AND c.ticker = s.ticker)
           LEFT JOIN decisions d ON d.signal_id = s.id LEFT JOIN orders o ON o.decision_id = d.id
           WHERE s.stamp >= c.stamp AND s.stamp < c.stamp + 86400000000 GROUP BY 1""",
    )
    counts = {r["id"]: (r["signals"], r["orders"]) for r in led}
    listed = every(web, "/api/news", "articles")
    assert {a["id"]: (a["signals"], a["orders"]) for a in listed if a["signals"]} == counts
    assert any(orders for _, orders in counts.values())
    article = max(listed, key=lambda a: a["signals"])
    shown = valid(web.get(f"/api/news/{article['id']}"), "/api/news/{id}")["led_to"]
    assert len(shown) == min(100, article["signals"])
    assert [r["used"] for r in shown] == sorted((r["used"] for r in shown), reverse=True)


def test_no_signal_has_a_score_without_its_headlines(web: Served, played_day: Demo) -> None:
    trades = rows(
        played_day,
        """SELECT t.id, s.sentiment_count FROM trades t JOIN signals s ON s.id = t.signal_id
           WHERE s.sentiment_score IS NOT NULL LIMIT 20""",
    )
    assert trades
    for row in trades:
        web.forget_calls()
        found = web.get(f"/api/trades/{row['id']}").json()
        listed = {h["id"] for h in found["headlines"]}
        assert listed >= set(found["signal"]["sentiment_articles"])
        assert found["signal"]["sentiment_count"] == row["sentiment_count"] <= len(listed)


def test_a_closing_trade_goes_by_its_entry_s_strategy(web: Served, played_day: Demo) -> None:
    closed = rows(
        played_day,
        """SELECT t.id, o.strategy_id, o.entry_order_id, o.credits FROM trades t
           JOIN trade_outcomes o ON o.causes[2] = t.id WHERE t.pnl IS NOT NULL""",
    )
    assert closed
    shown = {t["id"]: t["strategy"] for t in every(web, "/api/trades", "trades")}
    assert {r["id"]: shown[r["id"]] for r in closed} == {r["id"]: r["strategy_id"] for r in closed}
    for name in ("momentum", "mean_reversion", "news_driven"):
        listed = every(web, "/api/trades", "trades", strategy=name)
        assert {t["id"] for t in listed} == {id_ for id_, by in shown.items() if by == name}
        told = web.get(f"/api/strategies/{name}/metrics").json()
        mine = [c for r in closed for c in r["credits"] if c["strategy"] == name]
        assert Decimal(told["realized_pnl"]) == sum(Decimal(c["pnl"]) for c in mine)
        assert (told["sharpe"], told["sharpe_reason"]) == (
            None, "it needs 5 sessions that differ"
        )  # fmt: skip
    found = valid(web.get(f"/api/trades/{closed[0]['id']}"), "/api/trades/{id}")
    assert found["entry_order"]["id"] == closed[0]["entry_order_id"]
    assert not found["entry_order"]["reduces"]
    assert {t["order_id"] for t in found["entry_trades"]} == {closed[0]["entry_order_id"]}
    [outcome] = [o for o in found["outcomes"] if o["entry_order_id"] == closed[0]["entry_order_id"]]
    assert Decimal(outcome["slippage"]) == (
        Decimal(outcome["entry_slippage"]) + Decimal(outcome["exit_slippage"])
    )


def test_nobody_has_switched_a_strategy_yet(web: Served) -> None:
    known = valid(web.get("/api/strategies"), "/api/strategies")["strategies"]
    assert [(s["active"], s["since"], s["who"], s["why"]) for s in known] == [
        (True, None, "", "")
    ] * 3


@pytest.mark.parametrize(
    ("path", "params"),
    [
        ("/api/signals", {}), ("/api/decisions", {}), ("/api/news", {}),
        ("/api/system/dead-letters", {}), ("/api/backtest/job-1/trades", {}),
        ("/api/trades", {"ticker": "AAPL"}), ("/api/trades", {"until": NOON}),
        ("/api/decisions", {"fold": "true"}),
    ],
)  # fmt: skip
def test_a_cursor_of_another_list_is_refused(
    web: Served, path: str, params: dict[str, str]
) -> None:
    cursor = web.get("/api/trades", params={"limit": "5"}).json()["cursor"]
    assert cursor
    answer = web.get(path, params={**params, "cursor": cursor})
    assert (answer.status_code, answer.json()["code"]) == (422, "CURSOR_INVALID")
    assert answer.json()["fields"] == {"cursor": "of another list, or of other filters"}
    assert "with the filters of that page" in answer.json()["detail"]
    assert web.get("/api/trades", params={"cursor": cursor, "limit": "9"}).status_code == 200


def test_a_csv_says_where_the_next_one_is(web: Served) -> None:
    wanted = [t["id"] for t in every(web, "/api/trades", "trades", status="FILLED")]
    found, path = list[str](), "/api/trades?format=csv&limit=40&status=FILLED"
    while path:
        answer = web.get(path)
        assert answer.status_code == 200, answer.text
        found += [line.split(",")[-1] for line in answer.text.split()[1:]]
        path = answer.links["next"]["url"] if "next" in answer.links else ""
        if path:
            parts = parse_qs(urlsplit(path).query)
            assert (parts["format"], parts["limit"]) == (["csv"], ["40"])
    assert found == wanted


def test_a_moment_is_the_same_in_any_zone(web: Served) -> None:
    """A cursor holds for the same filters, however they are written."""
    moment = datetime.fromisoformat(NOON)
    asked = {"until": NOON, "limit": "5"}
    cursor = web.get(DECISIONS, params=asked).json()["cursor"]
    other = (moment + timedelta(0)).astimezone().isoformat()
    answer = web.get(DECISIONS, params={"until": other, "limit": "5", "cursor": cursor})
    assert answer.status_code == 200, answer.text
    assert DecisionsAsked(until=other).until == moment  # type: ignore[arg-type]
