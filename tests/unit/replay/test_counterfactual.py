"""What if: changes as words and as inputs, and two worlds side by side."""

from decimal import Decimal

import pytest

from flows.replay.counterfactual import CannotChange, Changes, what_if
from flows.replay.window import ReplayWindow
from messages.learning import WeightChange
from messages.news import ScoredArticle
from messages.requests import ReplayChanges
from messages.units import MINUTE_US
from operators.params import Params
from tests.streams import at

DAY_US = 1_440 * MINUTE_US


def orders(window: ReplayWindow, changes: Changes) -> list[tuple[str, str, int]]:
    found = what_if(window, changes).orders
    assert all(order.why for order in found)
    return [(o.change, o.side, o.qty or o.qty_before) for o in found]


def article(window: ReplayWindow, n: int) -> str:
    scores = [e.body for e in window.events if isinstance(e.body, ScoredArticle)]
    return scores[n].article_id


def test_nothing_changed_is_the_same_world(window: ReplayWindow) -> None:
    found = what_if(window, Changes())
    assert found.before == found.after
    assert found.orders == []
    assert (found.before.orders, found.before.fills, found.before.trades) == (2, 2, 1)
    assert found.before.equity == Decimal(1_000_000) + found.before.realised
    assert found.before.commissions > 0


def test_without_the_first_news_the_trade_is_gone_and_a_later_one_is_new(
    window: ReplayWindow,
) -> None:
    found = what_if(window, Changes(without_articles=(article(window, 0),)))
    assert [o.change for o in found.orders] == ["gone", "gone", "new"]
    bought, sold, later = found.orders
    assert bought.why.startswith("what if: signal ")
    assert bought.why.endswith("is not made")
    assert (bought.pnl, sold.pnl) == (None, found.before.realised)
    assert (bought.qty, bought.qty_before, later.qty_before) == (0, 499, 0)
    assert later.why.startswith("as it was: decision dec-")
    assert "COOLDOWN, limit 30 min, actual 22.5 min" in later.why
    assert (found.after.orders, found.after.trades) == (1, 0)


def test_without_its_weight_a_strategy_asks_for_nothing(window: ReplayWindow) -> None:
    changes = Changes(weights=(("news_driven", 0.0),))
    assert [change for change, *_ in orders(window, changes)][:1] == ["gone"]


def test_a_smaller_size_changes_the_orders(window: ReplayWindow) -> None:
    found = what_if(window, Changes(params=(("risk", "position_bps", "10"),)))
    assert {o.change for o in found.orders} <= {"changed", "gone"}
    small = [o for o in found.orders if o.change == "changed"]
    assert small
    assert all(o.qty < o.qty_before for o in small)
    assert small[0].why == "sized on another equity"


def test_news_that_comes_too_late_for_its_day_is_not_traded(window: ReplayWindow) -> None:
    found = what_if(window, Changes(delay=DAY_US))
    assert (found.after.signals, found.after.orders) == (0, 0)
    assert {o.change for o in found.orders} == {"gone"}
    soon = what_if(window, Changes(delay=MINUTE_US))
    assert (soon.after.orders, soon.after.fills) == (2, 2)


def test_inputs_are_changed_in_their_order(window: ReplayWindow) -> None:
    changes = Changes(weights=(("momentum", 0.25),), delay=MINUTE_US)
    changed = changes.inputs(window.events, at(0))
    assert [(e.stamp, e.key) for e in changed] == sorted((e.stamp, e.key) for e in changed)
    weights = [e.body for e in changed if isinstance(e.body, WeightChange)]
    assert {w.new for w in weights if w.strategy == "momentum"} == {0.25}
    moved = [e.stamp for e in changed if isinstance(e.body, ScoredArticle)]
    assert moved == [
        e.stamp + MINUTE_US for e in window.events if isinstance(e.body, ScoredArticle)
    ]


def test_scores_stand_in_for_those_of_their_ids(window: ReplayWindow) -> None:
    first, *_ = [e.body for e in window.events if isinstance(e.body, ScoredArticle)]
    fields = {f: getattr(first, f) for f in first.__struct_fields__}
    dull = ScoredArticle(**{**fields, "sentiment_score": 0.0})
    found = what_if(window, Changes(scores=(dull,)))
    assert found == what_if(window, Changes(without_articles=(first.article_id,)))


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        (Changes(params=(("risk", "nothing", "1"),)), "--set risk.nothing: there is no such"),
        (Changes(params=(("risk", "max_positions", "x"),)), "--set risk.max_positions=x"),
        (Changes(weights=(("nobody", 1.0),)), "there is no strategy nobody"),
    ],
)
def test_changes_that_name_nothing(window: ReplayWindow, changes: Changes, said: str) -> None:
    with pytest.raises(CannotChange, match=said):
        what_if(window, changes)


def test_a_request_says_what_is_otherwise() -> None:
    asked = ReplayChanges(
        params=(("risk", "max_positions", "3"),), weights={"momentum": 0.5},
        without_articles=("art-1",), without_sources=("rss",), news_delay_us=7,
    )  # fmt: skip
    assert Changes.of(asked) == Changes(
        (("risk", "max_positions", "3"),), (("momentum", 0.5),), ("art-1",), ("rss",), 7
    )
    assert Changes.of(ReplayChanges()) == Changes()


@pytest.mark.parametrize(
    "changes", [Changes(without_articles=("art-x",)), Changes(without_sources=("nobody",))]
)
def test_news_that_never_came_cannot_be_left_out(window: ReplayWindow, changes: Changes) -> None:
    with pytest.raises(CannotChange, match="nothing to leave out"):
        what_if(window, changes)


@pytest.mark.parametrize(
    ("group", "shapes"),
    [("momentum", True), ("account", True), ("sentiment", True), ("mean_reversion", True),
     ("risk", False), ("ensemble", False), ("fills", False)],
)  # fmt: skip
def test_which_changes_need_the_whole_run(group: str, shapes: bool) -> None:
    assert Changes(params=((group, "x", "1"),)).shapes_state is shapes


def test_rules_keep_what_is_not_changed() -> None:
    changed = Changes(params=(("risk", "cooldown_minutes", "7"),)).rules(Params())
    assert changed.risk.cooldown_minutes == 7
    assert changed.momentum == Params().momentum
