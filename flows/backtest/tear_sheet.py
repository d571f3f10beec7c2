"""A backtest's result as one HTML page: no script, no font, no address outside itself."""

from collections.abc import Sequence
from html import escape
from typing import Any, Final

from flows.backtest.results import Learnt, Result

WIDTH: Final = 960
HEIGHT: Final = 260
LOW: Final = 110
STYLE: Final = """
:root { color-scheme: light dark; --ink: #1c2733; --soft: #5d6b7a; --line: #d8dee6; --paper: #fff;
  --up: #0a7d4f; --down: #b3261e; --blue: #1f5fbf; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6ebf1; --soft: #9aa7b5; --line: #323c48;
  --paper: #12181f; --up: #4cc38a; --down: #ff8a80; --blue: #7db3ff; } }
body { font: 15px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper);
  max-width: 62rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.5rem; margin-bottom: 0 } h2 { font-size: 1.1rem; margin-top: 2.2rem }
p { color: var(--soft); margin-top: .2rem }
dl { display: grid; grid-template-columns: repeat(auto-fill, minmax(9.5rem, 1fr)); gap: 1px;
  margin: 1rem 0 }
dl div { box-shadow: 0 0 0 1px var(--line); padding: .5rem .7rem }
dt { color: var(--soft); font-size: .8rem }
dd { margin: 0; font-size: 1.15rem; font-variant-numeric: tabular-nums }
svg { width: 100%; height: auto; display: block } svg text { fill: var(--soft); font-size: 12px }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums }
th, td { padding: .25rem .5rem; text-align: right; border-bottom: 1px solid var(--line) }
th { color: var(--soft); font-weight: 600 } td:first-child, th:first-child { text-align: left }
.w0 { color: var(--blue) } .w1 { color: var(--up) } .w2 { color: var(--down) }
.w3 { color: var(--soft) }
.up { color: var(--up) } .down { color: var(--down) } .wide { overflow-x: auto }
"""
Point = tuple[float, float]


def tear_sheet(result: Result, title: str, settings: str) -> str:
    """Return the page.

    Args:
        result: to show.
        title: of the page, such as the file's name.
        settings: what it was run under, in a line.
    """
    span = f"{result.first} to {result.last}, {result.bars:,} bars"
    parts = [
        f"<h1>{escape(title)}</h1>",
        f"<p>{span}, {result.articles:,} scored articles. {escape(settings)}</p>",
        _figures(result),
        "<h2>Equity, and its distance from the last high</h2>",
        _curve(result.curve, result.start_equity),
        "<h2>Months</h2>",
        _months(result.monthly),
        "<h2>Profit by strategy</h2>",
        _table(
            ("strategy", "dollars"),
            [(name, _money(value)) for name, value in result.attribution.items()],
        ),
        f"<h2>Weights, by the rule {result.learning.rule}</h2>",
        _weights(result.learning),
        "<h2>Why signals were not traded</h2>",
        _table(("code", "signals"), [(c, f"{n:,}") for c, n in result.rejects.items()]),
        f"<h2>Trades</h2>{_trades(result.trades)}",
    ]
    head = f"<title>{escape(title)}</title><meta charset=utf-8><style>{STYLE}</style>"
    view = '<meta name=viewport content="width=device-width, initial-scale=1">'
    body = "".join(parts)
    return f"<!doctype html><html lang=en><head>{view}{head}</head><body>{body}</body></html>"


def _weights(learnt: Learnt) -> str:
    """Draw every strategy's weight, cycle by cycle, and list where they ended."""
    steps: dict[str, list[float]] = {name: [] for name in learnt.weights}
    for adjusted in learnt.adjusted:
        steps[adjusted.strategy].append(adjusted.new)
    every = [weight for values in steps.values() for weight in values]
    rows = [
        (f"<span class=w{n % 4}>{escape(name)}</span>", f"{weight:.6f}")
        for n, (name, weight) in enumerate(learnt.weights.items())
    ]
    table = _table(("strategy", "weight at last"), rows)
    if not every:
        return table
    low, top = min(every), max(every)
    lines = "".join(
        f"<polyline class=w{n % 4} fill=none stroke=currentColor stroke-width=1.5 "
        f'points="{_points(_steps(values, low, top))}"/>'
        for n, values in enumerate(steps.values())
    )
    scale = f"<text x=4 y=14>{top:.3f}</text><text x=4 y={LOW - 4}>{low:.3f}</text>"
    picture = f'<svg viewBox="0 0 {WIDTH} {LOW}" role=img aria-label="Weights">{scale}{lines}</svg>'
    return picture + table


def _steps(values: Sequence[float], low: float, top: float) -> list[Point]:
    across = (WIDTH - 80) / max(1, len(values) - 1)
    return [(70 + n * across, _scale(v, low, top, LOW - 10, 10)) for n, v in enumerate(values)]


def _figures(r: Result) -> str:
    benchmark, year = r.benchmark, r.for_people
    rows = [
        ("Final equity", f"{float(r.final_equity):,.2f}"),
        ("Total return", _share(r.total_return)),
        ("Annual return", _share(year(r.annual_return))),
        ("Volatility", _share(year(r.volatility))),
        ("Sharpe", _number(year(r.sharpe))),
        ("Sortino", _number(year(r.sortino))),
        ("Calmar", _number(year(r.calmar))),
        ("Deepest drawdown", _share(r.max_drawdown)),
        ("Longest drawdown", f"{r.max_drawdown_days} sessions"),
        ("Trades", f"{r.closed_trades:,}"),
        ("Win rate", _share(r.win_rate)),
        ("Mean win", _number(r.mean_win)),
        ("Mean loss", _number(r.mean_loss)),
        ("Profit factor", _number(r.profit_factor)),
        ("Mean hold", "-" if r.hold_minutes is None else f"{r.hold_minutes:,.0f} min"),
        ("Exposure", _share(r.exposure)),
        ("Turnover", f"{r.turnover:,.1f} x"),
        ("Commissions", f"{r.commissions:,.2f}"),
        ("Buy and hold", _share(r.buy_and_hold)),
    ]
    if benchmark:
        rows.append((str(benchmark["ticker"]), _share(benchmark["total_return"])))
    cells = "".join(f"<div><dt>{escape(n)}</dt><dd>{v}</dd></div>" for n, v in rows)
    return f"<dl>{cells}</dl>"


def _curve(curve: Sequence[tuple[str, float]], start: float) -> str:
    if not curve:
        return "<p>No session was traded.</p>"
    equity = [start, *(value for _, value in curve)]
    high, falls = equity[0], []
    for value in equity:
        high = max(high, value)
        falls.append(value / high - 1 if high else 0.0)
    low, top = min(equity), max(equity)
    deepest = min(*falls, -1e-9)
    x = [70 + i * (WIDTH - 80) / max(1, len(equity) - 1) for i in range(len(equity))]
    y = [_scale(v, low, top, HEIGHT - 20, 15) for v in equity]
    z = [_scale(v, deepest, 0.0, LOW - 10, 10) + HEIGHT for v in falls]
    area = [(x[0], HEIGHT + 10.0), *zip(x, z, strict=True), (x[-1], HEIGHT + 10.0)]
    marks = "".join(
        f'<text x="{x[i]:.0f}" y="{HEIGHT + LOW + 12}" text-anchor="{anchor}">{label}</text>'
        for i, anchor, label in (
            (0, "start", curve[0][0][:10]), (len(equity) - 1, "end", curve[-1][0][:10]),
        )
    )  # fmt: skip
    return (
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT + LOW + 20}" role="img" '
        f'aria-label="Equity from {start:,.0f} to {equity[-1]:,.0f} dollars, deepest drawdown '
        f'{deepest:.2%}">'
        f'<text x="0" y="20">{top:,.0f}</text><text x="0" y="{HEIGHT - 18}">{low:,.0f}</text>'
        f'<line x1="70" x2="{WIDTH}" y1="{HEIGHT + 10}" y2="{HEIGHT + 10}" stroke="var(--line)"/>'
        f'<polyline fill="none" stroke="var(--blue)" stroke-width="2" points="'
        f'{_points(list(zip(x, y, strict=True)))}"/>'
        f'<polygon fill="var(--down)" fill-opacity=".35" points="{_points(area)}"/>'
        f'<text x="0" y="{HEIGHT + LOW - 8}">{deepest:.1%}</text>{marks}</svg>'
    )


def _months(monthly: dict[str, float]) -> str:
    years = sorted({month[:4] for month in monthly})
    names = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
    most = max((abs(v) for v in monthly.values()), default=1.0) or 1.0
    rows = []
    for year in years:
        cells, whole = [], 1.0
        for number in range(1, 13):
            value = monthly.get(f"{year}-{number:02d}")
            whole *= 1 + (value or 0.0)
            cells.append(_heat(value, most))
        rows.append(f"<tr><td>{year}</td>{''.join(cells)}<td><b>{whole - 1:+.1%}</b></td></tr>")
    head = "".join(f"<th>{name}</th>" for name in ["", *names, "year"])
    return f"<div class=wide><table><tr>{head}</tr>{''.join(rows)}</table></div>"


def _heat(value: float | None, most: float) -> str:
    if value is None:
        return "<td></td>"
    colour, strength = ("--up" if value >= 0 else "--down"), round(abs(value) / most * 45)
    style = f"background: color-mix(in srgb, var({colour}) {strength}%, transparent)"
    return f'<td style="{style}">{value:+.1%}</td>'


def _trades(trades: Sequence[dict[str, Any]]) -> str:
    if not trades:
        return "<p>None was closed.</p>"
    ranked = sorted(trades, key=lambda t: float(t["pnl"]))
    chosen = ranked if len(ranked) <= 20 else [*ranked[:10], *ranked[-10:]]
    note = "" if len(ranked) <= 20 else f"<p>The ten worst and the ten best of {len(ranked):,}.</p>"
    rows = [
        (
            f"{t['ticker']} {'long' if t['qty'] > 0 else 'short'}", t["opened"], t["closed"],
            f"{abs(t['qty']):,}", f"{t['entry']:,.4f}", f"{t['exit']:,.4f}", _money(t["pnl"]),
            t["by"],
        )
        for t in chosen
    ]  # fmt: skip
    head = ("trade", "opened", "closed", "shares", "entry", "exit", "dollars", "ended by")
    return note + _table(head, rows)


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    if not rows:
        return "<p>None.</p>"
    top = "".join(f"<th>{escape(name)}</th>" for name in head)
    body = "".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>" for row in rows)
    return f"<div class=wide><table><tr>{top}</tr>{body}</table></div>"


def _points(points: Sequence[Point]) -> str:
    return " ".join(f"{x:.1f},{y:.1f}" for x, y in points)


def _scale(value: float, low: float, high: float, bottom: float, top: float) -> float:
    return bottom if high == low else bottom - (value - low) / (high - low) * (bottom - top)


def _money(value: float) -> str:
    return f'<span class="{"up" if value >= 0 else "down"}">{value:+,.2f}</span>'


def _share(value: float | None) -> str:
    return "-" if value is None else f"{value:.2%}"


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:,.2f}"
