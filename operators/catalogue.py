"""What each operator keeps and when it acts: the source of docs/operators.md."""

from dataclasses import dataclass

from operators.admission import AdmitArticles, AdmitBars
from operators.commands import AcceptCommands
from operators.learning.outcomes import Outcomes
from operators.learning.strategy_metrics import StrategyMetrics
from operators.learning.weights import Weights
from operators.live_bars import AdmitLiveBars
from operators.news.scoring import Scoring
from operators.news.sentiment import SentimentWindows
from operators.strategies.ensemble import Ensemble
from operators.strategies.voting import Voting
from operators.trading.desk import Desk


@dataclass(frozen=True, slots=True)
class CatalogueRow:
    """One row of the table.

    Attributes:
        operator: the class.
        flow: where it runs.
        state: what a snapshot holds.
        window: what it looks back on.
        timer: what time alone makes it do.
        late: what happens to a late, repeated or unusable record.
    """

    operator: type
    flow: str
    state: str
    window: str
    timer: str
    late: str


CATALOGUE = (
    CatalogueRow(
        AdmitBars, "market", "clock", "none", "none",
        "late: stamped with the clock; malformed or from after the run's start: dead letter",
    ),
    CatalogueRow(
        AdmitLiveBars, "market", "clock, revisions of the last 5,000 revised bars", "none", "none",
        "late: stamped with the clock; revised: next revision; malformed or ending more than 5 s "
        "from now: dead letter",
    ),
    CatalogueRow(
        AdmitArticles, "news", "clock, texts seen, revisions, guids", "none", "none",
        "same id, title and text: DUPLICATE; same id, new ones: revision; rest as bars",
    ),
    CatalogueRow(
        AcceptCommands, "control", "ids let in", "none", "none", "a repeated id is dropped"
    ),
    CatalogueRow(Scoring, "score", "none", "none", "none", "scored like any other"),
    CatalogueRow(
        SentimentWindows, "signals", "articles per ticker, open 5 min and 1 h windows",
        "24 h per ticker, at most 200 articles", "end of a window: SentimentWindow",
        "near-copies and news from the future or without a date are not counted",
    ),
    CatalogueRow(
        Voting, "signals", "20 closes and volumes, RSI averages, news opinions that stand or wait",
        "20 bars; RSI: all", "none",
        "repeated: DUPLICATE, out of order: LATE, known before its end: FUTURE (dead letters); "
        "revisions are not used",
    ),
    CatalogueRow(
        Ensemble, "signals", "present and coming weights, strategies switched off", "none", "none",
        "a weight holds from its effective_from on, however late it arrives",
    ),
    CatalogueRow(
        Desk, "trade", "cash, positions, marks, waiting orders, exits, trading state",
        "20 sessions of volume", "every 5 min and session: snapshot; close: waiting orders expire",
        "the bars that Voting refuses are skipped; a command counts once",
    ),
    CatalogueRow(
        Outcomes, "learn", "open round trips, signals of a day", "1 day of signals", "none",
        "an outcome without its signal is credited to `unattributed`",
    ),
    CatalogueRow(
        Weights, "learn", "weights, counts of trades, sums over outcomes, the rule's memory",
        "`ewma`: 10 half-lives of cycles",
        "end of a cycle: adjustments, weights from the next end on",
        "belongs to the cycle in which it comes; a command counts once",
    ),
    CatalogueRow(
        StrategyMetrics, "learn", "sums per strategy, sessions' credits, votes that wait for bars",
        "252 sessions", "every 60 min, and a session's end: StrategyMetric",
        "the bars that Voting refuses are skipped",
    ),
)  # fmt: skip
