"""Rewards and rules: scale-free, order-free, and hedge below its bound."""

import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from operators.learning.rules import EVEN, Evidence, Ewma, Hedge, regret_bound, reward_of, rule_of
from operators.learning.weights import in_millionths
from operators.params import MILLION, LearningParams
from operators.states import decode_state, encode_state

HALF = {"a": 500_000, "b": 500_000}
outcome = st.tuples(st.integers(-3 * MILLION, 3 * MILLION), st.integers(-5 * MILLION, 5 * MILLION))


def of(*outcomes: tuple[int, int]) -> Evidence:
    found = Evidence()
    for share, r in outcomes:
        found.add(share, r)
    return found


def wins(count: int, size: float = 1.0, spread: float = 0.5) -> Evidence:
    """Return outcomes with a mean of `size` and a deviation of `spread`."""
    each = [
        (MILLION, round((size + (spread if n % 2 else -spread)) * MILLION)) for n in range(count)
    ]
    return of(*each)


@given(st.lists(outcome, max_size=30), st.randoms())
def test_the_order_of_outcomes_means_nothing(
    outcomes: list[tuple[int, int]], random: object
) -> None:
    shuffled = list(outcomes)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert of(*outcomes) == of(*shuffled)
    assert 0 <= reward_of([(1.0, of(*outcomes))]) <= MILLION


@given(st.lists(outcome, min_size=2, max_size=30), st.integers(2, 50))
def test_the_scale_of_r_means_nothing(outcomes: list[tuple[int, int]], times: int) -> None:
    larger = [(share, r * times) for share, r in outcomes]
    assert abs(reward_of([(1.0, of(*outcomes))]) - reward_of([(1.0, of(*larger))])) <= 1


@pytest.mark.parametrize(
    ("parts", "wanted"),
    [
        ([], EVEN),
        ([(1.0, of((MILLION, 0), (MILLION, 0)))], EVEN),
        ([(1.0, of((MILLION, MILLION)))], EVEN),  # one outcome shows nothing
        ([(1.0, of((MILLION, MILLION), (MILLION, -MILLION)))], EVEN),
        # q = 0.5 / sqrt(0.5), n = 2: Phi(q / sqrt(1 - q^2 / 2))
        ([(1.0, of((MILLION, MILLION), (MILLION, 0)))], 792_892),
        # A vote against a loss counts as one for a gain.
        ([(1.0, of((-MILLION, -MILLION), (-MILLION, 0)))], 792_892),
    ],
)
def test_rewards_by_hand(parts: list[tuple[float, Evidence]], wanted: int) -> None:
    assert reward_of(parts) == wanted


def test_more_of_the_same_is_surer() -> None:
    rewards = [reward_of([(1.0, wins(n, 0.2, 1.0))]) for n in (2, 10, 50, 250)]
    assert rewards == sorted(rewards)
    assert rewards[0] < 600_000 < 990_000 < rewards[-1]


def test_ewma_moves_by_its_rate_towards_the_reward() -> None:
    rule = Ewma(LearningParams(rate=0.1))
    proposal = rule.propose(HALF, {"a": wins(400)})
    assert proposal.rewards == {"a": MILLION, "b": EVEN}
    assert proposal.weights == {"a": 550_000, "b": 500_000}


def test_old_cycles_fade_by_their_half_life() -> None:
    params = LearningParams(half_life_cycles=2.0)
    rule = Ewma(params)
    rule.propose(HALF, {"a": wins(10, -1.0)})
    for _ in range(4):
        rule.propose(HALF, {})
    then = rule.propose(HALF, {"a": wins(10, 0.6)}).rewards["a"]
    even = reward_of([(1.0, wins(10, 0.6)), (1.0, wins(10, -1.0))])
    assert then == reward_of([(0.5**2.5, wins(10, -1.0)), (1.0, wins(10, 0.6))]) > even
    for _ in range(40):
        rule.propose(HALF, {})
    assert len(rule.snapshot().cycles) == 20, "ten half-lives are kept"


def test_hedge_multiplies_by_its_losses_and_deals_a_share() -> None:
    params = LearningParams("hedge", eta=1.0, share=0.1)
    proposal = Hedge(params, HALF).propose(HALF, {"a": wins(400), "b": wins(400, -1.0)})
    assert proposal.rewards == {"a": MILLION, "b": 0}
    good = 0.9 / (1 + math.exp(-1.0)) + 0.05
    assert proposal.weights == {"a": round(good * MILLION), "b": round((1 - good) * MILLION)}


def test_a_strategy_without_a_weight_takes_no_part() -> None:
    weights = {"a": MILLION, "b": 0}
    hedge = Hedge(LearningParams("hedge"), weights)
    assert hedge.propose(weights, {"b": wins(9)}).weights == {"a": MILLION, "b": 0}


@given(
    st.lists(st.tuples(st.booleans(), st.booleans(), st.booleans()), min_size=1, max_size=60),
    st.floats(0.05, 2.0),
    st.floats(0.0, 0.3),
)
def test_hedge_never_loses_more_than_its_bound(
    cycles: list[tuple[bool, ...]], eta: float, share: float
) -> None:
    """Whatever the losses: here each strategy's is 0 or 1 in every cycle."""
    weights = in_millionths(dict.fromkeys("abc", 1.0))
    params = replace(LearningParams("hedge"), eta=eta, share=share)
    hedge, mine, theirs = Hedge(params, weights), 0.0, [0.0, 0.0, 0.0]
    held = weights
    for cycle in cycles:
        evidence = {s: wins(400, 1.0 if won else -1.0) for s, won in zip("abc", cycle, strict=True)}
        losses = [0.0 if won else 1.0 for won in cycle]
        mine += sum(held[s] / MILLION * loss for s, loss in zip("abc", losses, strict=True))
        theirs = [t + loss for t, loss in zip(theirs, losses, strict=True)]
        held = hedge.propose(held, evidence).weights
    rounding = 1e-5 * len(cycles)
    assert mine - min(theirs) <= regret_bound(eta, share, 3, len(cycles)) + rounding


@pytest.mark.parametrize("rule", ["ewma", "hedge"])
def test_a_rule_goes_on_from_its_state(rule: str) -> None:
    params = LearningParams(rule)  # type: ignore[arg-type]
    whole, first = rule_of(params, HALF), rule_of(params, HALF)
    assert whole is not None
    assert first is not None
    for n in range(3):
        whole.propose(HALF, {"a": wins(5 + n)})
        first.propose(HALF, {"a": wins(5 + n)})
    kept = first.snapshot()
    resumed = rule_of(params, HALF, decode_state(encode_state(kept), type(kept)))
    assert resumed is not None
    assert resumed.propose(HALF, {"b": wins(9)}) == whole.propose(HALF, {"b": wins(9)})


def test_fixed_weights_have_no_rule() -> None:
    assert rule_of(LearningParams("fixed"), HALF) is None
