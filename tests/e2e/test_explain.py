"""Why and why not, for every record of a recorded day."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from connectors.archive.reading import ArchivedRun
from flows.replay.causality import leaks_of
from flows.replay.decision_trace import decision_traces
from flows.replay.explain import CannotExplain, Explainer, Node
from flows.replay.record_index import RecordIndex, broken_causes
from flows.replay.window import window_of
from messages.units import MINUTE_US
from stack.cli import main
from stack.runtime.demo import Demo
from tests.forgery import change, copy_of, rewrite

pytestmark = [
    pytest.mark.recorded,
    pytest.mark.kafka,
    pytest.mark.postgres,
    pytest.mark.timeout(400),
]
DAY = "2026-03-20"


@pytest.fixture(scope="module")
def archive(one_shard: tuple[Demo, dict[str, Any]]) -> ArchivedRun:
    return ArchivedRun(Path(one_shard[0].run.archive))


@pytest.fixture(scope="module")
def index(archive: ArchivedRun) -> RecordIndex:
    return RecordIndex(archive)


@pytest.fixture(scope="module")
def explainer(archive: ArchivedRun) -> Explainer:
    return Explainer(archive)


def every(node: Node) -> Iterator[Node]:
    yield node
    for cause in node.because:
        yield from every(cause)


def test_a_day_is_closed_under_causes(index: RecordIndex) -> None:
    named = [
        cause
        for topic in ("trade.decisions", "orders.requested", "trades.executed", "news.scored",
                      "signals.generated", "learning.outcomes", "positions")
        for found in index.day(topic, DAY).values()
        for cause in found[0].body["causes"]
    ]  # fmt: skip
    assert len(named) > 1_000
    assert broken_causes(index, DAY) == []


def test_a_missing_and_a_late_cause_are_found(archive: ArchivedRun, tmp_path: Path) -> None:
    forged = copy_of(archive.path, tmp_path)
    orders = list(RecordIndex(archive).day("orders.requested", DAY).values())
    first, last = orders[0][0], orders[-1][0]
    rewrite(forged, "orders.requested", DAY, change("causes", ["dec-nothing"], last.id))
    rewrite(forged, "orders.requested", DAY, change("causes", [last.id], first.id))
    found = broken_causes(RecordIndex(ArchivedRun(forged)), DAY)
    assert {(b.id, b.cause) for b in found} == {(last.id, "dec-nothing"), (first.id, last.id)}
    assert "later" in next(b.detail for b in found if b.id == first.id)


def test_every_order_leads_back_to_bars_or_articles(
    index: RecordIndex, explainer: Explainer
) -> None:
    for order in list(index.day("orders.requested", DAY)):
        kinds = [n.kind for n in every(explainer.of(order))]
        assert kinds[:2] == ["order", "decision"]
        assert {"bar", "article"} & set(kinds), order


def test_numbers_of_every_decision_agree_with_its_word(
    archive: ArchivedRun, index: RecordIndex
) -> None:
    measured = decision_traces(archive, DAY)
    decisions = [found[0].body for found in index.day("trade.decisions", DAY).values()]
    codes = {d["code"] for d in decisions}
    assert {"ACCEPTED", "COOLDOWN", "ALREADY_HELD", "NO_POSITION"} <= codes
    for decision in decisions:
        numbers = measured[decision["id"]].numbers
        denied = [(name, value) for name, value, limit in numbers if limit.endswith("<- denied")]
        if decision["accepted"]:
            assert not denied
        elif decision["side"] == "BUY":
            assert denied == [(decision["code"], decision["actual"])]


def test_every_signal_is_what_its_readings_say(index: RecordIndex, explainer: Explainer) -> None:
    signals = [found[0] for found in index.day("signals.generated", DAY).values()]
    for signal in signals[::7]:
        votes = {
            n.text.split(":")[0]: n.text.split(": ")[1]
            for n in explainer.of(signal.id).because
            if n.kind == "vote"
        }
        for source in signal.body["strategy_sources"]:
            said = f"{source['vote']} {source['strength']:.3f}"
            assert votes[source["strategy"]] == said, signal.id


def test_every_silent_minute_has_a_reason(index: RecordIndex, explainer: Explainer) -> None:
    bars = [f[0] for f in index.day("market.bars", DAY).values() if f[0].body["ticker"] == "AAPL"]
    made = {f[0].body["bar"] for f in index.day("signals.generated", DAY).values()}
    reasons: set[str] = set()
    for bar in bars[::10]:
        node = explainer.at("AAPL", bar.stamp)
        texts = [n.text for n in every(node)]
        answered = [t for t in texts if "because of a signal" in t]
        silent = [t for t in texts if "no signal" in t]
        assert bool(answered) == (bar.id in made)
        reasons.update(t.split("no signal, ")[1] for t in silent)
    assert "neither momentum nor mean reversion voted on this bar" in reasons


def test_a_signal_on_news_shows_the_article_it_came_from(
    index: RecordIndex, explainer: Explainer
) -> None:
    days = ("2026-03-19", DAY)
    signals = [f[0] for d in days for f in index.day("signals.generated", d).values()]
    on_news = next(s for s in signals if not s.body["bar"])
    nodes = list(every(explainer.of(on_news.id)))
    scores = [n for n in nodes if n.kind == "score"]
    assert scores
    assert all(n.because[0].kind == "article" for n in scores)
    news = next(n for n in nodes if n.text.startswith("news_driven"))
    assert news.numbers[1][0] == "decayed mean score"


def test_what_is_not_there_cannot_be_explained(explainer: Explainer, index: RecordIndex) -> None:
    with pytest.raises(CannotExplain, match="There is no ord-nothing"):
        explainer.of("ord-nothing")
    bar = next(iter(index.day("market.bars", DAY).values()))[0]
    with pytest.raises(CannotExplain, match="Neither a bar nor news of NOSUCH"):
        explainer.at("NOSUCH", bar.stamp)
    with pytest.raises(CannotExplain, match="name a minute of a session"):
        explainer.at(bar.body["ticker"], bar.stamp - 30 * MINUTE_US)


def test_the_command_draws_a_tree_and_writes_json(
    archive: ArchivedRun, index: RecordIndex, capsys: pytest.CaptureFixture[str]
) -> None:
    where = ["--home", str(archive.path.parents[1]), "--run", archive.path.name]
    order = next(iter(index.day("orders.requested", DAY)))
    assert main(["explain", order, *where]) == 0
    tree = capsys.readouterr().out.splitlines()
    assert tree[0].startswith("order: ")
    assert tree[1].startswith("+- decision: ")
    assert main(["explain", order, "--json", *where]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["because"][0]["kind"] == "decision"
    assert main(["explain", "AAPL@2026-03-20T10:31", *where]) == 0
    assert "10:31 New York" in capsys.readouterr().out
    assert main(["explain", "AAPL@2026-03-20T14:31:00Z", *where]) == 0
    assert "10:31 New York" in capsys.readouterr().out


def test_nothing_in_the_day_knew_of_the_future(
    archive: ArchivedRun, capsys: pytest.CaptureFixture[str]
) -> None:
    cuts, leaks = leaks_of(window_of(archive, DAY, DAY), 10)
    assert (cuts, leaks) == (10, [])
    where = ["--home", str(archive.path.parents[1]), "--run", archive.path.name]
    assert main(["causality", "--samples", "3", *where]) == 0
    assert "nothing knew of the future" in capsys.readouterr().out


def test_a_bar_stamped_at_its_start_fails_the_command(
    archive: ArchivedRun, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    forged = copy_of(archive.path, tmp_path / "archive")
    bar = next(iter(RecordIndex(archive).day("market.bars", DAY).values()))[0]
    early = f'"id":"{bar.id}"'.encode()
    rewrite(
        forged, "market.bars", DAY,
        lambda rows: [
            r._replace(stamp=r.stamp - MINUTE_US) if early in (r.value or b"") else r for r in rows
        ],
    )  # fmt: skip
    where = ["--home", str(tmp_path), "--run", forged.name]
    assert main(["causality", "--samples", "2", "--day", DAY, *where]) == 1
    assert f"LEAK (input) 2026-03-20 13:30:00 UTC {bar.id}" in capsys.readouterr().out
