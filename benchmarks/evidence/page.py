"""The evidence as a part of docs/learning.md, with its pictures."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from benchmarks.evidence.recorded import Line
from benchmarks.evidence.simulation import Found

BEGIN, END = "<!-- evidence: written by `make evidence` -->", "<!-- end of evidence -->"
COLOURS: Final = ("#1f5fbf", "#c2571a", "#0a7d4f", "#7a4fbf")
WIDTH, HEIGHT, LEFT = 720, 220, 40


def write(page: Path, simulated: Sequence[Found], recorded: Sequence[Line], seeds: int) -> None:
    """Put the evidence between its marks, and its pictures beside the page."""
    text = page.read_text()
    before, rest = text.split(BEGIN)
    after = rest.split(END)[1]
    pictures = page.parent / "pictures"
    pictures.mkdir(exist_ok=True)
    for found in simulated:
        (pictures / _file(found)).write_text(picture(found))
    middle = "\n\n".join([_simulated(simulated, seeds), _recorded(recorded)])
    page.write_text(f"{before}{BEGIN}\n\n{middle}\n\n{END}{after}")


def _simulated(simulated: Sequence[Found], seeds: int) -> str:
    rows = [
        f"| {f.world.name} | `{f.rule}` | {f.gain:+.4f} | {f.low:+.4f} .. {f.high:+.4f} | "
        f"{'-' if f.of_best is None else format(f.of_best, '.0%')} | "
        f"{'-' if f.within is None else format(f.within, '.1%')} |"
        for f in simulated
    ]
    head = (
        f"Over {seeds} seeds; R multiples a trade, more than equal weights make:\n\n"
        "| world | rule | gain | 95 % interval | of the best fixed weights' | regret in bound |\n"
        "|---|---|---|---|---|---|"
    )
    shown = "\n\n".join(
        f"![{f.world.name}, {f.rule}](pictures/{_file(f)})" for f in simulated if f.world.learns
    )
    return "\n".join([head, *rows]) + f"\n\nMean weights in force, cycle by cycle:\n\n{shown}"


def _recorded(recorded: Sequence[Line]) -> str:
    if not recorded:
        return "Recorded bars were not there when this was written."
    rows = []
    for n in recorded:
        apart = "-"
        if n.difference is not None and n.low is not None and n.high is not None:
            apart = f"{n.difference:+.2f} ({n.low:+.2f} .. {n.high:+.2f})"
        weights = ", ".join(f"{s} {w:.2f}" for s, w in n.weights.items()) or "-"
        sharpe = "-" if n.sharpe is None else f"{n.sharpe:+.2f}"
        rows.append(
            f"| {n.sample} | {n.rule} | {n.sessions} | {n.total:+.2%} | {sharpe} | {n.fall:.2%} | "
            f"{apart} | {n.changes} | {weights} |"
        )
    head = (
        "On recorded bars, with slippage and commissions; the difference is that of a session's "
        "return to fixed weights, in basis points, with its 95 % interval by paired sessions:\n\n"
        "| bars | rule | sessions | return | Sharpe | deepest fall | difference | changes | "
        "weights at last |\n|---|---|---|---|---|---|---|---|---|"
    )
    return "\n".join([head, *rows])


def picture(found: Found) -> str:
    """Return the mean weights of a world as an SVG."""
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}"'
    parts = [
        f'{head} font-family="sans-serif" font-size="12">',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>',
        f'<text x="{LEFT}" y="14" fill="#1c2733">{found.world.name}: {found.rule}</text>',
    ]
    for share in (0.0, 0.5, 1.0):
        y = _y(share)
        parts.append(f'<line x1="{LEFT}" x2="{WIDTH - 90}" y1="{y}" y2="{y}" stroke="#d8dee6"/>')
        parts.append(f'<text x="6" y="{y + 4}" fill="#5d6b7a">{share:.1f}</text>')
    for n, (name, weights) in enumerate(found.mean_weights.items()):
        step = (WIDTH - 90 - LEFT) / max(1, len(weights) - 1)
        points = " ".join(f"{LEFT + i * step:.1f},{_y(w):.1f}" for i, w in enumerate(weights))
        colour = COLOURS[n % len(COLOURS)]
        parts.append(
            f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="2"/>'
        )
        parts.append(
            f'<text x="{WIDTH - 84}" y="{_y(weights[-1]) + 4:.1f}" fill="{colour}">{name}</text>'
        )
    return "\n".join([*parts, "</svg>"]) + "\n"


def _y(share: float) -> float:
    return HEIGHT - 20 - share * (HEIGHT - 50)


def _file(found: Found) -> str:
    return f"learning_{found.world.name.replace(' ', '_')}_{found.rule}.svg"
