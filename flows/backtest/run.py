"""One backtest: bars and news through the columnar loop, and what came of it."""

import time
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Final, Literal

import numpy as np

from connectors.market.bar_file import BarFile
from connectors.market.bar_survey import BarSurvey
from connectors.market.calendar import new_york_sessions
from connectors.market.input_files import InputUnusable, article_rows
from connectors.sentiment.instant import instant_model
from connectors.tickers.directory import ticker_finder
from connectors.user_strategies import own_strategies
from flows.backtest.learning import Learner
from flows.backtest.splits import GapWatch, Split, SplitFound, adjusted
from flows.backtest.tally import TRIP, Tally, pair
from messages.control import DeadLetter
from messages.news import RawArticle, ScoredArticle
from messages.units import to_datetime, to_money
from operators.admission import AdmitArticles
from operators.blocks import Block, Event
from operators.columns.bars import BarColumns
from operators.columns.loop import ColumnLoop
from operators.columns.records import RECORD
from operators.news.scoring import Scoring
from operators.params import Params
from operators.trading.session_columns import numbers_of

HORIZON: Final = 2**60
Progress = Callable[[int], None]
Splits = Literal["refuse", "adjust", "keep"]


@dataclass(frozen=True, slots=True)
class Inputs:
    """What a backtest reads.

    Attributes:
        bars: of one interval.
        news: JSON Lines of articles, scored here; None without.
        scored: articles scored already, in order.
        trade_from: stamp before which bars and news only warm up; 0: no warm-up.
        splits: what to do about gaps that look like splits.
        benchmark: ticker whose prices are kept beside the equity; empty: SPY if it is there.
        directories: files of listed companies, by which news is given tickers.
    """

    bars: BarFile
    news: Path | None = None
    scored: tuple[Event, ...] = ()
    trade_from: int = 0
    splits: Splits = "refuse"
    benchmark: str = ""
    directories: tuple[str, ...] = ()


@dataclass(slots=True)
class Ran:
    """A finished backtest.

    Attributes:
        bars: that counted; refused: reason -> bars that did not; first_refused: one of them.
        rounded: what was rounded -> rows.
        articles: admitted; refused_news: reason -> articles that were not, first_refused_news.
        prices: (stamp, close) of the benchmark's bars, session by session.
        worth: ticker -> (first close, last close), units; seen: ticker -> stamp of its last bar.
        learner: what learns; None where weights are fixed.
        seconds: wall clock inside the loop and the tally, CPU seconds of the same.
    """

    loop: ColumnLoop
    tally: Tally
    weights: dict[str, float]
    params: Params
    interval: str = "1m"
    bars: int = 0
    articles: int = 0
    first: int = 0
    last: int = 0
    benchmark: str = ""
    refused: dict[str, int] = field(default_factory=dict)
    first_refused: str = ""
    rounded: dict[str, int] = field(default_factory=dict)
    refused_news: dict[str, int] = field(default_factory=dict)
    first_refused_news: str = ""
    prices: dict[int, int] = field(default_factory=dict)
    worth: dict[str, tuple[int, int]] = field(default_factory=dict)
    seen: dict[str, int] = field(default_factory=dict)
    learner: Learner | None = None
    seconds: float = 0.0
    cpu_seconds: float = 0.0


def run_backtest(
    inputs: Inputs, params: Params, weights: dict[str, float], progress: Progress = lambda _: None
) -> Ran:
    """Run a backtest to the end of its bars.

    Args:
        inputs: what to read.
        params: of the operators.
        weights: strategy -> weight; the first one, where weights are learnt.
        progress: told the number of bars after each batch.

    Raises:
        InputUnusable: a file cannot be read, or no bar of it is left.
        SplitFound: prices jump, and splits are refused or cannot be told.
        LearningImpossible: the weights cannot keep the guardrails.
    """
    survey = inputs.bars.survey()
    load_compiled_code(params, weights)
    sessions = new_york_sessions()
    loop = ColumnLoop(params, sessions, weights, own=own_strategies(params))
    tally = Tally(weights, loop.strategies.names)
    loop.quiet_until = inputs.trade_from
    learner = learner_of(params, weights, loop.strategies.names)
    ran = Ran(loop, tally, weights, params, survey.interval, learner=learner)
    splits = find_splits(inputs) if inputs.splits != "keep" else []
    heard = all_scores(inputs)
    news, ran.articles = heard.scores, heard.articles
    ran.refused_news, ran.first_refused_news = heard.refused, heard.first_refused
    watch = _Watch(ran, inputs.benchmark)
    fed = 0
    for batch in inputs.bars.batches(loop.row):
        bars = adjusted(batch, splits) if splits else batch
        upto = fed
        last = int(bars.stamp[-1])
        while upto < len(news) and news[upto].stamp <= last:
            upto += 1
        _advance(ran, bars, news[fed:upto])
        watch.look(bars)
        fed = upto
        ran.first = ran.first or int(bars.stamp[0])
        ran.last, ran.bars = last, ran.bars + bars.size
        progress(ran.bars)
    ran.bars -= sum(loop.refused.values())
    if not ran.bars:
        raise InputUnusable(_nothing_left(inputs.bars.file, survey))
    end_backtest(ran)
    ran.refused, ran.first_refused = {**survey.refused, **loop.refused}, survey.first_refused
    ran.rounded = {
        name: rows for name, rows in (("prices", survey.rounded), ("volumes", survey.whole)) if rows
    }
    if inputs.benchmark and not ran.benchmark:
        reason = f"--benchmark {inputs.benchmark} has no bar in {inputs.bars.file}: name another."
        raise InputUnusable(reason)
    return ran


def load_compiled_code(params: Params, weights: dict[str, float]) -> None:
    """Step once through nothing, so that the compiler's cache is read outside the loop's time."""
    loop, sessions = ColumnLoop(params, new_york_sessions(), weights), new_york_sessions()
    start = sessions.opens[0]
    one = np.full(1, loop.row("WARM"), np.int64)
    at = np.full(1, start + 60_000_000, np.int64)
    price = at * 0 + 10_000
    bars = BarColumns(one, at, at - 60_000_000, at, price, price, price, price, at * 0 + 1)
    tally = Tally(weights, loop.strategies.names)
    for rows in loop.advance(bars):
        tally.take(rows, loop.votes)
    tally.take(loop.pass_time(start + 60_000_001, ended=True), loop.votes)
    pair(np.zeros(0, RECORD), np.zeros(0, TRIP))


def find_splits(inputs: Inputs) -> list[Split]:
    """Return the splits of a file of bars.

    Raises:
        SplitFound: they are to be refused, or one is near no usual ratio.
    """
    names: dict[str, int] = {}

    def row(ticker: str) -> int:
        return names.setdefault(ticker, len(names))

    look, found = GapWatch(new_york_sessions()), list[Split]()
    for bars in inputs.bars.batches(row):
        for split in look.look(bars):
            ratio = split.ratio
            if inputs.splits == "refuse" or ratio is None:
                raise SplitFound(_why(split, list(names), ratio))
            found.append(split)
    return found


@dataclass(frozen=True, slots=True)
class Heard:
    """What a backtest hears of the news.

    Attributes:
        scores: in order.
        articles: behind them, and those about nobody.
        refused: reason -> rows that are no article; first_refused: the first of them, in words.
    """

    scores: list[Event] = field(default_factory=list)
    articles: int = 0
    refused: dict[str, int] = field(default_factory=dict)
    first_refused: str = ""


def all_scores(inputs: Inputs) -> Heard:
    """Return what a backtest hears of the news, in order."""
    heard = scored_articles(inputs.news, inputs.directories)
    fed = sorted([*inputs.scored, *heard.scores], key=lambda e: (e.stamp, e.key))
    before = {e.body.article_id for e in inputs.scored if isinstance(e.body, ScoredArticle)}
    return replace(heard, scores=fed, articles=heard.articles + len(before))


def scored_articles(file: Path | None, directories: tuple[str, ...] = ()) -> Heard:
    """Return a file's articles, admitted and scored, in the order of their stamps.

    Args:
        file: JSON Lines of articles; None: no news.
        directories: files of listed companies, added to the bundled list.

    Raises:
        InputUnusable: the file cannot be read.
        DirectoryUnusable: a file of listed companies cannot be read.
    """
    if file is None:
        return Heard()
    rows = [Event(0, "", row) for row in article_rows(file)(0)]
    admitted = AdmitArticles(HORIZON).step(Block(rows, 0)).events
    articles = [e for e in admitted if isinstance(e.body, RawArticle)]
    letters = [e.body for e in admitted if isinstance(e.body, DeadLetter)]
    finder = ticker_finder(directories)
    scoring = Scoring(instant_model().score, finder)
    scored = scoring.step(Block(articles, 0)).events
    first = f"row {letters[0].offset}, {letters[0].detail}" if letters else ""
    refused = dict(Counter(letter.reason for letter in letters))
    ordered = sorted(scored, key=lambda e: (e.stamp, e.key))
    return Heard(ordered, len(articles), refused, first)


def _advance(ran: Ran, bars: BarColumns, news: list[Event]) -> None:
    began, cpu = time.perf_counter(), time.process_time()
    if ran.learner is None:
        _trade(ran, bars, news)
    else:
        trade_by_cycles(ran, ran.learner, bars, news)
    ran.seconds += time.perf_counter() - began
    ran.cpu_seconds += time.process_time() - cpu


def _trade(ran: Ran, bars: BarColumns, news: list[Event]) -> None:
    for rows in ran.loop.advance(bars, news):
        ran.tally.take(rows, ran.loop.votes)
        if ran.learner is not None:
            ran.learner.take(rows, ran.loop.votes)


def trade_by_cycles(ran: Ran, learner: Learner, bars: BarColumns, news: list[Event]) -> None:
    """Trade a cycle's bars and news after the other, each with the weights that hold by then."""
    fed = 0
    for cycle, start, stop, end in learner.segments(bars.stamp):
        if learner.under_way:
            before = bisect_left(news, cycle, fed, key=learner.cycle_of_event)
            _trade_news(ran, learner, bars, news[fed:before])
            fed = before
        _enter(ran, learner, cycle, int(bars.stamp[start]))
        upto = bisect_right(news, end, fed, key=itemgetter(0))
        _trade(ran, bars.take(slice(start, stop)), news[fed:upto])
        fed = upto
    _trade_news(ran, learner, bars, news[fed:])


def _trade_news(ran: Ran, learner: Learner, bars: BarColumns, news: list[Event]) -> None:
    """Trade on news of cycles without a bar among these, or after their last one."""
    for cycle, group in groupby(news, learner.cycle_of_event):
        some = list(group)
        _enter(ran, learner, cycle, some[0].stamp)
        _trade(ran, bars.take(slice(0, 0)), some)


def _enter(ran: Ran, learner: Learner, cycle: int, stamp: int) -> None:
    learner.enter(cycle, stamp)
    ran.loop.weights = learner.weights
    ran.tally.weigh(learner.weights)


def learner_of(
    params: Params, weights: Mapping[str, float], names: Sequence[str]
) -> Learner | None:
    """Return what learns under some parameters; None where weights are fixed, or there are none.

    Raises:
        LearningImpossible: the weights cannot keep the guardrails.
    """
    if params.learning.rule == "fixed" or not any(weights.values()):
        return None
    return Learner(params, new_york_sessions(), weights, names)


def end_backtest(ran: Ran) -> None:
    """Let time pass to the last bar's stamp: timers, and cycles that are over."""
    began, cpu = time.perf_counter(), time.process_time()
    rows = ran.loop.pass_time(ran.last, ended=True)
    ran.tally.take(rows, ran.loop.votes)
    if ran.learner is not None:
        ran.learner.take(rows, ran.loop.votes)
        ran.learner.finish(ran.last)
    ran.tally.closed()
    ran.seconds += time.perf_counter() - began
    ran.cpu_seconds += time.process_time() - cpu


class _Watch:
    """Keeps what the market did by itself: the benchmark's closes, each ticker's first and last."""

    def __init__(self, ran: Ran, benchmark: str) -> None:
        self._ran = ran
        self._wanted = benchmark

    def look(self, bars: BarColumns) -> None:
        ran, names = self._ran, self._ran.loop.strategies.tickers
        if not ran.benchmark:
            name = self._wanted or "SPY"
            ran.benchmark = name if name in names else ""
        for k, j in _firsts(bars):
            ran.worth.setdefault(names[k], (int(bars.close[j]), 0))
        for k, j in _lasts(bars):
            ran.worth[names[k]] = (ran.worth[names[k]][0], int(bars.close[j]))
            ran.seen[names[k]] = int(bars.stamp[j])
        if ran.benchmark:
            mine = bars.code == names.index(ran.benchmark)
            session = numbers_of(new_york_sessions(), bars.stamp[mine])
            prices = zip(session.tolist(), bars.close[mine].tolist(), strict=True)
            ran.prices.update(prices)


def _firsts(bars: BarColumns) -> Iterator[tuple[int, int]]:
    codes, places = np.unique(bars.code, return_index=True)
    yield from zip(codes.tolist(), places.tolist(), strict=True)


def _lasts(bars: BarColumns) -> Iterator[tuple[int, int]]:
    codes, places = np.unique(bars.code[::-1], return_index=True)
    yield from zip(codes.tolist(), (bars.size - 1 - places).tolist(), strict=True)


def _nothing_left(file: Path, survey: BarSurvey) -> str:
    first, last = to_datetime(survey.first), to_datetime(survey.last)
    return (
        f"No bar of {file} is left: it has {survey.rows:,}, from {first:%F %H:%M} to "
        f"{last:%F %H:%M} UTC; name other days with --from and --to."
    )


def _why(split: Split, names: list[str], ratio: float | None) -> str:
    what = (
        f"{names[split.code]} goes from {to_money(split.before):f} to "
        f"{to_money(split.after):f} by {to_datetime(split.stamp):%F %H:%M} UTC"
    )
    if ratio is None:
        return f"{what}, near no usual split: use --splits keep if that is a real move."
    words = f"{ratio:g} for 1" if ratio > 1 else f"1 for {1 / ratio:g}"
    return (
        f"{what}, as in a split of {words}: use --splits adjust to take splits out, or --splits "
        "keep if that is a real move."
    )
