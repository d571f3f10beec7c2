"""The evidence: worlds with a truth, and a script that fails where learning does not find it."""

from pathlib import Path

import pytest

from benchmarks.evidence import __main__ as evidence
from benchmarks.evidence import page
from benchmarks.evidence.recorded import SAMPLES, TRAIN, Rule, _follow
from benchmarks.evidence.simulation import regret, walk
from benchmarks.evidence.worlds import CYCLES, WORLDS, trades
from operators.learning import rules
from operators.params import MILLION

PAGE = f"# Learning\n\nbefore\n\n{page.BEGIN}\nold\n{page.END}\n\nafter\n"


@pytest.fixture
def draft(tmp_path: Path) -> Path:
    file = tmp_path / "docs" / "learning.md"
    file.parent.mkdir()
    file.write_text(PAGE)
    return file


def run(draft: Path, seeds: int = 6) -> int:
    return evidence.main(
        ["--seeds", str(seeds), "--jobs", "2", "--page", str(draft), "--data", "/nowhere"]
    )


def test_it_finds_the_truth_and_writes_the_page(draft: Path) -> None:
    assert run(draft) == 0
    text = draft.read_text()
    assert text.startswith("# Learning\n\nbefore")
    assert text.endswith("after\n")
    assert "old" not in text
    assert text.count("| one good |") == 2
    assert "100.0%" in text, "hedge within its bound"
    assert len(list((draft.parent / "pictures").glob("*.svg"))) == 8
    page.write(draft, [], [], 6)
    again = draft.read_text()
    assert again.count(page.BEGIN) == again.count(page.END) == 1, "in the same place"


def test_a_sign_error_in_the_reward_is_found(
    draft: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    right = rules.reward_of
    monkeypatch.setattr(rules, "reward_of", lambda parts: MILLION - right(parts))
    assert run(draft) == 1
    assert "NOT as it should be: one good: ewma" in capsys.readouterr().out


def test_worlds_are_drawn_from_their_truth() -> None:
    world = WORLDS[0]
    drawn = trades(world, 1)
    assert len(drawn) == CYCLES
    assert drawn == trades(world, 1) != trades(world, 2)
    for name, mean in world.means.items():
        rs = [r for cycle in drawn for r in cycle[name]]
        assert sum(rs) / len(rs) == pytest.approx(mean(0), abs=0.06)


def test_a_walk_starts_with_equal_weights_and_holds_them_for_two_cycles() -> None:
    path = walk(WORLDS[0], "ewma", 3)
    assert all(w[0] == w[1] == pytest.approx(1 / 3, abs=1e-6) for w in path.weights.values())
    assert path.best >= path.equal
    assert sum(w[-1] for w in path.weights.values()) == pytest.approx(1.0)


def test_regret_stays_below_its_bound() -> None:
    for world in WORLDS:
        lost, bound = regret(world, 5)
        assert lost <= bound


def test_who_follows_the_best_looks_back_only() -> None:
    returns: dict[Rule, list[float]] = {
        "fixed": [0.0] * 80, "ewma": [1.0] * TRAIN + [-1.0] * 40, "hedge": [0.5] * 80,
    }  # fmt: skip
    followed = _follow(returns)
    assert followed[:20] == [-1.0] * 20, "it was the best before"
    assert followed[20:] == [0.5] * 20
    assert _follow({rule: r[:TRAIN] for rule, r in returns.items()}) == []


def test_samples_are_recorded_files() -> None:
    assert all(sample.bars.startswith("bars/") for sample in SAMPLES)
