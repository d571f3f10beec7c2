"""Why and why not: trees from an outcome down to bars and articles, with every number."""

from collections.abc import Iterator

import pytest

from connectors.archive.reading import ArchivedRun
from flows.replay.decision_trace import hearings
from flows.replay.evaluation import moments
from flows.replay.explain import CannotExplain, Explainer, Node
from flows.replay.record_index import Ledger
from flows.replay.window import Stretch
from tests.archives import BAD, DAY, GOOD
from tests.streams import at


@pytest.fixture(scope="module")
def explainer(day: ArchivedRun) -> Explainer:
    return Explainer(day)


@pytest.fixture(scope="module")
def ledger(day: ArchivedRun) -> Ledger:
    return Ledger(day)


def every(node: Node) -> Iterator[Node]:
    yield node
    for cause in node.because:
        yield from every(cause)


def ids(ledger: Ledger, topic: str) -> list[str]:
    return list(ledger.day(topic, DAY))


def test_an_outcome_leads_to_both_orders_and_their_news(
    explainer: Explainer, ledger: Ledger
) -> None:
    [outcome] = ids(ledger, "learning.outcomes")
    tree = explainer.of(outcome)
    kinds = [n.kind for n in every(tree)]
    assert kinds[0] == "outcome"
    assert kinds.count("execution") == kinds.count("order") == 2
    texts = " ".join(n.text for n in every(tree) if n.kind == "article")
    assert GOOD in texts
    assert BAD in texts
    assert "credit news_driven" in tree.text


def test_an_order_tells_its_decision_its_numbers_and_its_end(
    explainer: Explainer, ledger: Ledger
) -> None:
    first, second = (explainer.of(id_) for id_ in ids(ledger, "orders.requested"))
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
    explainer: Explainer, ledger: Ledger
) -> None:
    denied = [
        found[0] for found in ledger.day("trade.decisions", DAY).values()
        if not found[0].body["accepted"] and found[0].body["code"] != "NO_POSITION"
    ]  # fmt: skip
    assert denied
    for record in denied:
        node = explainer.of(record.id)
        assert f"denied: {record.body['code']}" in node.text
        marked = [name for name, _, limit in node.numbers if "<- denied" in limit]
        assert marked in ([], [record.body["code"]])


def test_a_signal_tells_votes_weights_and_what_did_not_vote(
    explainer: Explainer, ledger: Ledger
) -> None:
    for id_ in ids(ledger, "signals.generated"):
        node = explainer.of(id_)
        names = [name for name, *_ in node.numbers]
        assert "score" in names
        assert {"vote"} <= {n.kind for n in node.because}


@pytest.mark.parametrize(
    ("topic", "kind"),
    [("news.scored", "score"), ("market.bars", "bar"), ("strategy.weights", "weight")],
)
def test_inputs_need_no_why(explainer: Explainer, ledger: Ledger, topic: str, kind: str) -> None:
    node = explainer.of(ids(ledger, topic)[0])
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
    day: ArchivedRun, ledger: Ledger
) -> None:
    assert set(hearings(day, DAY)) == set(ids(ledger, "trade.decisions"))


def test_evaluations_of_a_minute_are_bars_and_news(stretch: Stretch) -> None:
    quiet, news = moments(stretch, "AAA", at(10)), moments(stretch, "AAA", at(10.5))
    assert [m.text for m in quiet] == ["a bar came in"]
    assert [m.text for m in news] == ["a bar came in", "a score came in"]
    assert news[1].signal is not None
    assert [r.strategy for r in quiet[0].readings][:3] == [
        "momentum", "mean_reversion", "news_driven"
    ]  # fmt: skip
    assert moments(stretch, "ZZZ", at(10)) == []
