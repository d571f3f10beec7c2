"""What is refused says which field it is, and what to do instead."""

import uuid
from typing import Any

import pytest

from tests.api.served import Served

pytestmark = [pytest.mark.kafka, pytest.mark.postgres, pytest.mark.timeout(300)]
EARLY, LATE = "2025-03-12T15:00:00Z", "2025-03-12T16:00:00Z"
BACKWARDS = {"since": LATE, "until": EARLY}


@pytest.mark.parametrize(
    ("path", "params", "fields"),
    [
        *((path, BACKWARDS, {"until": "lies before since: exchange the two"})
          for path in ("/api/trades", "/api/decisions", "/api/signals")),
        ("/api/bars", {"ticker": "AAPL", **BACKWARDS},
         {"until": "lies before since: exchange the two"}),
        ("/api/news", {"min_score": "0.5", "max_score": "-0.5"},
         {"max_score": "lies before min_score: exchange the two"}),
        ("/api/trades", {"limit": ["1", "2"]}, {"limit": "is given more than once"}),
        ("/api/portfolio", {"a": ["1", "2", "3"]}, {"a": "is given more than once"}),
        ("/api/trades", {"since": "2025-03-12T15:00:00"},
         {"since": "needs a zone, such as 2025-03-12T14:30:00Z"}),
        ("/api/sentiment/NOPE!", {}, {"ticker": "is not of the form ^[A-Z0-9][A-Z0-9./-]{0,11}$"}),
    ],
)  # fmt: skip
def test_which_field_is_amiss(
    web: Served, path: str, params: dict[str, Any], fields: dict[str, str]
) -> None:
    answer = web.get(path, params=params)
    assert (answer.status_code, answer.json()["code"]) == (422, "NOT_ALLOWED")
    assert answer.json()["fields"] == fields


@pytest.mark.parametrize("path", ["/api/trades", "/api/decisions", "/api/signals"])
def test_a_strategy_that_the_run_does_not_have_is_refused_with_those_it_has(
    web: Served, path: str
) -> None:
    answer = web.get(path, params={"strategy": "bogus"})
    assert (answer.status_code, answer.json()["code"]) == (422, "NO_SUCH_STRATEGY")
    assert "mean_reversion, momentum, news_driven" in (
        ", ".join(sorted(answer.json()["detail"].partition(": ")[2].rstrip(".").split(", ")))
    )
    assert web.get(path, params={"strategy": "momentum"}).status_code == 200


def test_a_code_that_no_decision_has_is_refused_with_those_there_are(web: Served) -> None:
    answer = web.get("/api/decisions", params={"code": "bogus"})
    assert (answer.status_code, answer.json()["code"]) == (422, "NO_SUCH_CODE")
    assert "ALREADY_HELD" in answer.json()["detail"]
    seen = {d["code"] for d in web.get("/api/decisions?limit=500").json()["decisions"]}
    for code in seen:
        assert web.get("/api/decisions", params={"code": code}).json()["decisions"]


@pytest.mark.parametrize(
    ("path", "params"),
    [("/api/bars", {"ticker": "ZZZZ"}), ("/api/bars", {"ticker": "ZZZZ", "until": LATE}),
     ("/api/sentiment/zzzz", {})],
)  # fmt: skip
def test_a_ticker_without_a_bar_is_no_empty_chart(
    web: Served, path: str, params: dict[str, str]
) -> None:
    answer = web.get(path, params=params)
    assert (answer.status_code, answer.json()["code"]) == (404, "NO_SUCH_TICKER")
    assert "no bar of ZZZZ" in answer.json()["detail"]
    before = web.get("/api/bars", params={"ticker": "AAPL", "until": "2020-01-01T00:00:00Z"})
    assert before.json()["bars"] == []  # of a ticker that there is


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"capital": True}, "capital"),
        ({"capital": 5.0}, "capital"),
        ({"slippage_bps": "7"}, "slippage_bps"),
        ({"weights": {"momentum": "0.5"}}, "weights.momentum"),
        ({"weights": {"momentum": True}}, "weights.momentum"),
        ({"weights": {"momentum": 0}}, "weights"),
        ({"last": "2025-01-01"}, "last"),
    ],
)
def test_bodies_are_of_json_s_own_types(web: Served, changes: dict[str, Any], field: str) -> None:
    answer = post(
        web, "/api/backtest/run", {"first": "2025-03-12", "last": "2025-03-12", **changes}
    )
    assert (answer.status_code, answer.json()["code"]) == (422, "NOT_ALLOWED")
    assert list(answer.json()["fields"]) == [field]
    assert "Value error" not in answer.text


def test_a_whole_number_is_a_weight_too(web: Served) -> None:
    body = {"first": "1999-01-04", "last": "1999-01-04", "weights": {"momentum": 1}}
    assert post(web, "/api/backtest/run", body).json()["code"] == "NOT_ARCHIVED"


def test_switches_take_true_and_false_alone(web: Served) -> None:
    headers = {**web.bearer("owner"), "Idempotency-Key": uuid.uuid4().hex}
    answer = web.client.patch("/api/strategies/momentum", json={"active": 0}, headers=headers)
    assert list(answer.json()["fields"]) == ["active"]


@pytest.mark.parametrize("path", ["/api/portfolio/", "/health/", "/api/trades/exe-0/", "/api"])
def test_a_path_with_a_slash_too_many_is_none(web: Served, path: str) -> None:
    answer = web.get(path)
    assert (answer.status_code, answer.json()["code"]) == (404, "NO_SUCH_PATH")


def post(web: Served, path: str, body: dict[str, Any]) -> Any:
    headers = {**web.bearer("trader"), "Idempotency-Key": uuid.uuid4().hex}
    return web.client.post(path, json=body, headers=headers)
