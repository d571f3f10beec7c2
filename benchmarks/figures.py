"""One measured figure, and how it is measured and printed."""

import json
import os
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured figure.

    Attributes:
        value: the median of the runs.
        ratio: median over the runs of this over `against`, measured right beside it; None alone.
        ratio_min: the smallest of these ratios; ratio_max: the largest.
        load: of the machine at the end, all processes.
    """

    name: str
    value: float
    unit: str
    ratio: float | None
    ratio_min: float | None
    ratio_max: float | None
    against: str
    runs: int
    min: float
    median: float
    max: float
    load: float


def measure(command: list[str], env: dict[str, str]) -> dict[str, float]:
    """Run a script that prints one JSON line and return that line."""
    done = subprocess.run(
        command, env={**os.environ, **env}, capture_output=True, text=True, check=True
    )
    found: dict[str, float] = json.loads(done.stdout.strip().splitlines()[-1])
    return found


def figure(name: str, unit: str, values: list[float], against: str, theirs: list[float]) -> Figure:
    """Summarise a figure: each run is compared with the peer's run beside it.

    Args:
        name: of the figure.
        unit: of a value.
        values: one a run, in order.
        against: name of the peer.
        theirs: the peer's values, one beside each of ours; empty: the figure stands alone.
    """
    ratios = [ours / other for ours, other in zip(values, theirs, strict=True)] if theirs else []
    return Figure(
        name, median(values), unit, _rounded(median, ratios), _rounded(min, ratios),
        _rounded(max, ratios), against if theirs else "", len(values), min(values),
        median(values), max(values), round(os.getloadavg()[0], 2),
    )  # fmt: skip


def _rounded(of: Callable[[list[float]], float], ratios: list[float]) -> float | None:
    return round(of(ratios), 3) if ratios else None


def write_page(name: str, figures: list[Figure]) -> None:
    """Write `docs/NAME.md`: the words of `docs/NAME.head.md`, then the figures."""
    rows = [
        f"| {f.name} | {f.value:,.6g} | {f.unit} | {_times(f)} | {f.against} "
        f"| {f.min:,.6g} .. {f.max:,.6g} ({f.runs}) |"
        for f in figures
    ]
    measured = (
        f"Measured {datetime.now(UTC):%Y-%m-%d} on {os.cpu_count()} cores, load "
        f"{figures[-1].load}. Trust the ratios, not the absolute figures."
    )
    lines = [
        (DOCS / f"{name}.head.md").read_text().rstrip(), "", measured, "",
        "| figure | median | unit | ratio (min .. max) | against | min .. max (runs) |",
        "|---|---|---|---|---|---|", *rows, "",
    ]  # fmt: skip
    (DOCS / f"{name}.md").write_text("\n".join(lines))


def _times(f: Figure) -> str:
    if f.ratio is None:
        return ""
    return f"{f.ratio:g}x" + (f" ({f.ratio_min:g} .. {f.ratio_max:g})" if f.runs > 1 else "")
