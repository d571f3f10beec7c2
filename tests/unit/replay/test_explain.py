"""Why and why not: trees from an outcome down to bars and articles, with every number."""

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from connectors.archive.reading import ArchivedRun
from flows.replay.decision_trace import decision_traces
from flows.replay.evaluation import evaluations
from flows.replay.explain import CannotExplain, Explainer, Node
from flows.replay.record_index import RecordIndex
from flows.replay.window import ReplayWindow
from messages.broker import Difference
from tests.archives import BAD, DAY, GOOD, archived_day, traded_inputs
from tests.streams import at
from tests.unit.trading.test_outside_broker import fill, told


@pytest.fixture(scope="module")
def explainer(day: ArchivedRun) -> Explainer:
    return Explainer(day)


@pytest.fixture(scope="module")
def index(day: ArchivedRun) -> RecordIndex:
    return RecordIndex(day)


def every(node: Node) -> Iterator[Node]:
    yield node
    for cause in node.because:
        yield from every(cause)


def ids(index: RecordIndex, topic: str) -> list[str]:
    return list(index.day(topic, DAY))


def test_an_outcome_leads_to_both_orders_and_their_news(
    explainer: Explainer, index: RecordIndex
) -> None:
    [outcome] = ids(index, "learning.outcomes")
    tree = explainer.of(outcome)
    kinds = [n.kind for n in every(tree)]
    assert kinds[0] == "outcome"
    assert kinds.count("execution") == kinds.count("order") == 2
    texts = " ".join(n.text for n in every(tree) if n.kind == "article")
    assert GOOD in texts
    assert BAD in texts
    assert "credit news_driven" in tree.text


def test_an_order_tells_its_decision_its_numbers_and_its_end(
    explainer: Explainer, index: RecordIndex
) -> None:
    first, second = (explainer.of(id_) for id_ in ids(index, "orders.requested"))
    assert first.text.startswith("BUY ")
    assert second.text.startswith("SELL ")
    assert "FILLED" in first.text
    assert "realised" in second.text
    [decision] = first.because
    checks = [name for name, *_ in decision.numbers]
    assert checks[0] == "size"
    assert {"MARKET_CLOSED", "COOLDOWN", "MAX_POSITIONS", "BUYING_POWER"} <= set(checks)
    assert decision.text.endswith("accepted")


def test_a_denied_decision_marks_the_check_that_denied(
    explainer: Explainer, index: RecordIndex
) -> None:
    denied = [
        found[0] for found in index.day("trade.decisions", DAY).values()
        if not found[0].body["accepted"] and found[0].body["code"] != "NO_POSITION"
    ]  # fmt: skip
    assert denied
    for record in denied:
        node = explainer.of(record.id)
        assert f"denied: {record.body['code']}" in node.text
        marked = [name for name, _, limit in node.numbers if "<- denied" in limit]
        assert marked in ([], [record.body["code"]])


def test_a_signal_tells_votes_weights_and_what_did_not_vote(
    explainer: Explainer, index: RecordIndex
) -> None:
    for id_ in ids(index, "signals.generated"):
        node = explainer.of(id_)
        names = [name for name, *_ in node.numbers]
        assert "score" in names
        assert {"vote"} <= {n.kind for n in node.because}


@pytest.mark.parametrize(
    ("topic", "kind"),
    [("news.scored", "score"), ("market.bars", "bar"), ("strategy.weights", "weight")],
)
def test_inputs_need_no_why(
    explainer: Explainer, index: RecordIndex, topic: str, kind: str
) -> None:
    node = explainer.of(ids(index, topic)[0])
    assert node.kind == kind
    assert node.at.endswith("Z")


@pytest.mark.parametrize("id_", ["ord-nothing", "nothing", "", "pfl-1"])
def test_what_cannot_be_explained(explainer: Explainer, id_: str) -> None:
    with pytest.raises(CannotExplain, match="name an id of an order"):
        explainer.of(id_)


def test_a_minute_in_which_nothing_was_made(explainer: Explainer) -> None:
    node = explainer.at("BBB", at(5))
    [evaluation] = node.because
    assert "no signal, neither momentum nor mean reversion voted on this bar" in evaluation.text
    assert {n.kind for n in evaluation.because} == {"vote", "bar"}


def test_a_minute_with_a_signal_leads_to_its_decision(explainer: Explainer) -> None:
    node = explainer.at("AAA", at(10.5))
    kinds = [n.kind for n in every(node)]
    assert "decision" in kinds
    assert "signal" in kinds


def test_a_ticker_of_which_nothing_was_known(explainer: Explainer) -> None:
    with pytest.raises(CannotExplain, match="Neither a bar nor news of ZZZ"):
        explainer.at("ZZZ", at(5))
    with pytest.raises(CannotExplain, match="name a minute"):
        explainer.at("AAA", at(300))


def test_what_the_desk_measured_is_there_for_every_decision(
    day: ArchivedRun, index: RecordIndex
) -> None:
    assert set(decision_traces(day, DAY)) == set(ids(index, "trade.decisions"))


def test_evaluations_of_a_minute_are_bars_and_news(window: ReplayWindow) -> None:
    quiet, news = evaluations(window, "AAA", at(10)), evaluations(window, "AAA", at(10.5))
    assert [m.text for m in quiet] == ["a bar came in"]
    assert [m.text for m in news] == ["a bar came in", "a score came in"]
    assert news[1].signal is not None
    assert [r.strategy for r in quiet[0].readings][:3] == [
        "momentum", "mean_reversion", "news_driven"
    ]  # fmt: skip
    assert evaluations(window, "ZZZ", at(10)) == []


def test_what_a_broker_said_leads_to_its_order_decision_and_signal(
    day: ArchivedRun, tmp_path: Path
) -> None:
    order = ids(RecordIndex(day), "orders.requested")[0]
    named: dict[str, Any] = {"order_id": order, "causes": (order,), "ticker": "AAA", "side": "BUY"}
    events = [
        told(at(12), "order", status="ACCEPTED", **named),
        told(at(12.5), "order", status="REJECTED", reason="not today", **named),
        told(at(13), "reconciled", cash=Decimal(1), equity=Decimal(2), buying_power=Decimal(3),
             unmanaged=("BBB 7",)),
        told(at(14), "drift", differences=(Difference("AAA", Decimal(1), Decimal(13)),)),
        fill(at(15), order, 1, 5, 99.5),
    ]  # fmt: skip
    inputs = sorted([*traded_inputs(), *events], key=lambda e: e.stamp)
    explainer = Explainer(archived_day(tmp_path / "run-1", inputs))
    accepted, rejected, reconciled, drift, filled = (
        explainer.of(e.body.id)  # type: ignore[attr-defined]  # of a message
        for e in events
    )
    kinds = [n.kind for n in every(accepted)]
    assert kinds[:4] == ["told", "order", "decision", "signal"]
    assert accepted.text == "test said: BUY AAA is ACCEPTED"
    assert rejected.text == "test said: BUY AAA is REJECTED: not today"
    assert reconciled.text == (
        "test said: everything it holds is accounted for; cash 1, equity 2, buying power 3 "
        "(besides BBB 7)"
    )
    assert drift.text == (
        "test said: it holds something else than it told of (AAA 13 instead of 1)"
    )
    assert not drift.because
    assert filled.text == "test said: BUY 5 AAA at 99.5, commission 0, PARTIALLY_FILLED"
    life = [name for name, *_ in explainer.of(order).numbers]
    assert life == ["order", "order", "fill"]


def test_on_paper_nobody_says_anything_of_an_order(
    explainer: Explainer, index: RecordIndex
) -> None:
    assert explainer.of(ids(index, "orders.requested")[0]).numbers == []


def test_a_score_says_that_its_ticker_is_only_tagged(
    explainer: Explainer, index: RecordIndex
) -> None:
    record = next(found[0] for found in index.day("news.scored", DAY).values())
    told = {
        about: explainer._score(record._replace(body={**record.body, "about": about})).text
        for about in ("named", "tagged", "beside", "unknown")
    }
    assert told["named"] == told["unknown"] == explainer.of(record.id).text
    assert "tagged by the feed, and no company" in told["tagged"]
    assert "never votes" in told["beside"]
