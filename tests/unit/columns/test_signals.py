"""The ensemble over columns: the sums of `Ensemble`, row by row."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from operators.blocks import Block, Event
from operators.checks import NO_NEWS
from operators.columns.signals import NewsVote, Voted, weigh
from operators.params import STRATEGIES, EnsembleParams
from operators.strategies.ensemble import Ensemble
from operators.strategies.voting import Votes
from tests.streams import at, weight

THRESHOLD = EnsembleParams().threshold
strength = st.sampled_from((0.0, 0.3, -0.3, 1.0, -1.0)) | st.floats(-1, 1)
rows = st.lists(st.tuples(strength, strength, strength), min_size=1, max_size=8)
weights = st.tuples(*[st.sampled_from((0.0, 0.2, 1 / 3, 1.0))] * 3)


@given(rows, weights)
def test_a_bar_s_score_is_the_ensemble_s(
    votes: list[tuple[float, ...]], given_weights: tuple[float, ...]
) -> None:
    named = dict(zip(STRATEGIES, given_weights, strict=True))
    voted = Voted(np.array(votes), np.full(len(votes), NO_NEWS), [])
    scores = weigh(voted, STRATEGIES, named, THRESHOLD)
    ensemble = Ensemble(EnsembleParams())
    ensemble.step(Block([weight(0, s, w) for s, w in named.items()], at(0.5)))
    for j, row in enumerate(votes):
        said = tuple((s, x) for s, x in zip(STRATEGIES, row, strict=True) if x != 0.0)
        expected = 0
        if any(row):
            body = Votes("AAA", said, f"bar-{j}", f"bar-{j}", None, ())
            signals = ensemble.step(Block([Event(at(1), "AAA", body)], at(2))).events
            if signals:
                direction = getattr(signals[0].body, "direction", "")
                expected = 1 if direction == "LONG" else -1
                assert abs(scores.score[j]) == getattr(signals[0].body, "strength", None)
        assert scores.side[j] == expected


@pytest.mark.parametrize(("news", "kept"), [(1 / 3, [0, 2]), (0.0, [])])
def test_news_alone_signals_from_the_threshold_on(news: float, kept: list[int]) -> None:
    between = [NewsVote(n, 0, n, x) for n, x in enumerate((0.9, THRESHOLD / 2, -THRESHOLD))]
    voted = Voted(np.zeros((0, 3)), np.zeros(0, np.int64), between)
    scores = weigh(voted, STRATEGIES, {"news_driven": news}, THRESHOLD)
    assert [v.stamp for v in scores.between] == kept


def test_a_quiet_time_makes_no_signal() -> None:
    votes = np.array([[1.0, 0.0, 0.0]] * 3)
    between = [NewsVote(stamp, 0, 0, 1.0) for stamp in (1, 2, 3)]
    voted = Voted(votes, np.full(3, NO_NEWS), between)
    scores = weigh(voted, STRATEGIES, dict.fromkeys(STRATEGIES, 1 / 3), THRESHOLD)
    quiet = scores.quiet(np.array([1, 2, 3]), 2)
    assert quiet.side.tolist() == [0, 1, 1]
    assert [v.stamp for v in quiet.between] == [2, 3]
