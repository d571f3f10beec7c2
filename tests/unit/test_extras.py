"""Each role's flow imports with only its extra: every other package is made unimportable."""

import subprocess
import sys
from importlib.metadata import PackageNotFoundError, distribution, packages_distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[2]
ROLES = {
    "flows.market": "feeds",
    "flows.news": "news",
    "flows.score": "score",
    "flows.control": "",
    "flows.signals": "trading",
    "flows.trade": "trading",
    "flows.learn": "trading",
    "flows.persist": "storage",
    "flows.backtest.sweep": "backtest",
    "api.build": "api",
    "connectors.broker.stand_in.server": "stand-in",
}
PROBE = """
import sys
allowed = set(sys.argv[2].split(","))

class Fence:
    def find_spec(self, name, path=None, target=None):
        top = name.partition(".")[0]
        if top in FENCED and top not in allowed:
            raise ModuleNotFoundError(f"{name} is not in this role's extra", name=name)

FENCED = set(sys.argv[3].split(","))
sys.meta_path.insert(0, Fence())
__import__(sys.argv[1])
"""


def plain(name: str) -> str:
    return canonicalize_name(name)


def closure(extra: str) -> set[str]:
    """Return the distributions that `pip install tidewire[extra]` brings."""
    found: set[tuple[str, str]] = set()
    waiting = [("tidewire", extra)]
    while waiting:
        name, wanted = waiting.pop()
        if (plain(name), wanted) in found:
            continue
        found.add((plain(name), wanted))
        try:
            lines = distribution(name).requires or []
        except PackageNotFoundError:
            continue
        for needed in map(Requirement, lines):
            if needed.marker is None or needed.marker.evaluate({"extra": wanted}):
                waiting += [(needed.name, part) for part in (needed.extras or {""})]
    return {name for name, _ in found}


@pytest.mark.parametrize(("flow", "extra"), sorted(ROLES.items()))
def test_a_flow_imports_with_only_its_extra(flow: str, extra: str) -> None:
    owners = {
        module: {plain(d) for d in names} for module, names in packages_distributions().items()
    }
    brought = closure(extra) | {"tidewire"}
    allowed = {module for module, names in owners.items() if names & brought}
    fenced = set(owners) - allowed
    assert "pytest" in fenced
    assert ("numba" in fenced) == (extra not in ("trading", "backtest"))
    command = [sys.executable, "-c", PROBE, flow, ",".join(allowed), ",".join(owners)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
