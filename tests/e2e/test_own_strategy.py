"""The tutorial as it stands, and a strategy of one's own in the whole system."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from connectors.archive.reading import ArchivedRun
from connectors.market.simulated import record_days
from connectors.settings import Settings
from flows.replay.execution_difference import differences
from flows.replay.explain import Explainer
from flows.replay.record_index import RecordIndex
from flows.replay.window import window_of
from operators.params import OwnParams
from stack.cli import main
from stack.servers.services import Services
from tests.harness import options, play, proofs

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "tests/own_examples.py"
PAGE = (ROOT / "docs/strategies.md").read_text()


def test_the_tutorial_works_as_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    strategy, test = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    (tmp_path / "breakout.py").write_text(strategy)
    (tmp_path / "test_breakout.py").write_text(test)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_breakout.py"]
    ran = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout
    assert "1 passed" in ran.stdout
    bars, _ = record_days(tmp_path, 1)
    where = f"{tmp_path / 'breakout.py'}:Breakout"
    wanted = ["--bars", str(bars), "--strategy", where, "--weights", "breakout=1", "--json"]
    assert main(["backtest", *wanted]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["fills"] > 0
    assert found["attribution"].keys() == {"breakout"}


@pytest.mark.kafka
@pytest.mark.postgres
@pytest.mark.timeout(400)
def test_it_trades_live_and_is_proved(services: Services) -> None:
    own = OwnParams((f"{EXAMPLES}:Breakout", f"{EXAMPLES}:WithTheNews"))
    demo, summary = play(services, options(shards=2), settings=Settings(own=own))
    assert summary["accounted"], summary.get("first_unaccounted")
    assert summary["votes"]["breakout"] > 50
    assert summary["votes"]["with_the_news"] > 0
    rows = summary["rows"]
    assert rows["strategies"] == rows["learning_adjustments"] == 5
    assert rows["strategy_weights_history"] == 5 + summary["weight_changes"]
    assert list(proofs(demo)) == ["2025-03-12", "2025-03-13"]
    archive = ArchivedRun(Path(demo.run.archive), own.strategies)
    count, listed = differences(window_of(archive, None, "2025-03-13"))
    assert count == summary["executions"]
    assert listed == []
    signals = RecordIndex(archive).day("signals.generated", "2025-03-12").values()
    own_signal = next(
        s[0] for s in signals if s[0].body["strategy_sources"][-1]["strategy"] == "breakout"
    )
    votes = [n.text for n in Explainer(archive).of(own_signal.id).because if n.kind == "vote"]
    assert any(re.fullmatch(r"breakout: (LONG 0\.900|SHORT 0\.600)", text) for text in votes)
