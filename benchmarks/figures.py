"""One measured figure, and how it is measured and printed."""

import json
import os
import subprocess
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured figure; `ratio` is this over `against`, in the same run."""

    name: str
    value: float
    unit: str
    ratio: float | None
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
    """Summarise a figure; medians are compared."""
    middle = median(values)
    ratio = round(middle / median(theirs), 3) if theirs else None
    return Figure(
        name, middle, unit, ratio, against if theirs else "", len(values), min(values), middle,
        max(values), round(os.getloadavg()[0], 2),
    )  # fmt: skip


def write_page(name: str, figures: list[Figure]) -> None:
    """Write `docs/NAME.md`: the words of `docs/NAME.head.md`, then the figures."""
    rows = [
        f"| {f.name} | {f.value:,.6g} | {f.unit} | {'' if f.ratio is None else f'{f.ratio:g}x'} "
        f"| {f.against} | {f.min:,.6g} .. {f.max:,.6g} ({f.runs}) |"
        for f in figures
    ]
    measured = (
        f"Measured {datetime.now(UTC):%Y-%m-%d} on {os.cpu_count()} cores, load "
        f"{figures[-1].load}. Trust the ratios, not the absolute figures."
    )
    lines = [
        (DOCS / f"{name}.head.md").read_text().rstrip(), "", measured, "",
        "| figure | median | unit | ratio | against | min .. max (runs) |",
        "|---|---|---|---|---|---|", *rows, "",
    ]  # fmt: skip
    (DOCS / f"{name}.md").write_text("\n".join(lines))
