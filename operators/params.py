"""Every parameter an operator has, with its default, unit and range.

Plain frozen dataclasses: settings validate them where they enter, operators only read them.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Annotated, Final, Literal

from annotated_types import Ge, Gt, Le
from pydantic import AfterValidator, BeforeValidator, WithJsonSchema

from messages.units import MINUTE_US, SECOND_US
from operators.checks import SWITCHABLE, Limits, switched_off
from operators.costs import Costs
from operators.exits import ExitRules

MOMENTUM: Final = "momentum"
MEAN_REVERSION: Final = "mean_reversion"
NEWS_DRIVEN: Final = "news_driven"
STRATEGIES: Final = (MOMENTUM, MEAN_REVERSION, NEWS_DRIVEN)

MILLION: Final = 1_000_000  # weights are whole millionths
Positive = Annotated[int, Gt(0)]
NotNegative = Annotated[int, Ge(0)]
BasisPoints = Annotated[int, Ge(0), Le(10_000)]
Fraction = Annotated[float, Ge(0), Le(1)]


def _names(value: object) -> object:
    """Read a comma-separated list, the form a list has in an environment variable."""
    return tuple(value.replace(",", " ").split()) if isinstance(value, str) else value


def _known(names: tuple[str, ...]) -> tuple[str, ...]:
    for name in names:
        if name not in SWITCHABLE:
            reason = f"there is no check {name} to switch off; there are {', '.join(SWITCHABLE)}"
            raise ValueError(reason)
    return names


def equal_weights(names: Sequence[str] = STRATEGIES) -> dict[str, float]:
    """Return one weight for each strategy, alike in whole millionths with a sum of 1."""
    share, rest = divmod(MILLION, len(names))
    return {name: (share + (n < rest)) / MILLION for n, name in enumerate(names)}


CheckNames = Annotated[
    tuple[str, ...],
    BeforeValidator(_names),
    AfterValidator(_known),
    WithJsonSchema({"type": "array", "items": {"enum": list(SWITCHABLE), "type": "string"}}),
]


@dataclass(frozen=True, slots=True)
class MomentumParams:
    """Cross of the close over its moving average.

    Attributes:
        window: bars in the averages of close and volume.
        full_strength: relative distance of close and average that counts as strength 1.
    """

    window: Annotated[int, Ge(2), Le(500)] = 20
    full_strength: Annotated[float, Gt(0)] = 0.002


@dataclass(frozen=True, slots=True)
class MeanReversionParams:
    """Wilder's RSI outside a band.

    Attributes:
        period: changes in the first average, and Wilder's smoothing.
        low: below it LONG.
        high: above it SHORT.
        full_strength: RSI points beyond the band that count as strength 1.
    """

    period: Annotated[int, Ge(2), Le(500)] = 14
    low: Annotated[float, Ge(0), Le(100)] = 30.0
    high: Annotated[float, Ge(0), Le(100)] = 70.0
    full_strength: Annotated[float, Gt(0)] = 15.0


@dataclass(frozen=True, slots=True)
class NewsDrivenParams:
    """Strong and confident news.

    Attributes:
        threshold: absolute decayed mean score above which it votes.
        min_confidence: mean confidence above which it votes.
    """

    threshold: Fraction = 0.7
    min_confidence: Fraction = 0.6


@dataclass(frozen=True, slots=True)
class SentimentParams:
    """The window of scores per ticker.

    Attributes:
        lookback_minutes: older articles leave the window. News ages while the market is open, and
            by `closed_minutes` at most while it is closed.
        fresh_minutes: younger articles count in full.
        half_life_minutes: beyond that an article's weight halves each time this passes.
        max_articles: per ticker; the oldest leave first.
        closed_minutes: by how much news ages in a night, a weekend or a holiday, at most.
        future_seconds: an article published this much after its stamp never trades.
    """

    lookback_minutes: Positive = 1_440
    fresh_minutes: NotNegative = 240
    half_life_minutes: Positive = 240
    max_articles: Positive = 200
    closed_minutes: NotNegative = 60
    future_seconds: NotNegative = 60


@dataclass(frozen=True, slots=True)
class EnsembleParams:
    """The weighted vote.

    Attributes:
        threshold: absolute score below which there is no signal.
    """

    threshold: Fraction = 0.3


@dataclass(frozen=True, slots=True)
class RiskParams:
    """The checks before every order. Fractions are in basis points, so that sizing is exact.

    Attributes:
        position_bps: size of a new position, share of equity; also the limit of one position.
        max_exposure_bps: positions and open entries together, share of equity.
        max_positions: open positions and open entries.
        stop_loss_bps: distance of the stop from the average entry.
        take_profit_bps: distance of the target from the average entry; 0: none. At most three
            times the entry: sums of units must fit 64 bits.
        trailing_stop_bps: distance of a second stop from the best price since the entry; 0: none.
        stops: `close` looks for stops and targets at a bar's close, and fills them as any order;
            `within` looks inside the bar and fills them there, at the open if it lies beyond.
        delisted_sessions: a position is closed at the end of the session that is the so-manieth in
            a row without a bar of its ticker; 0: never.
        delisted_price: `last` closes it at its last price, `zero` writes it off; no costs.
        cooldown_minutes: no entry in a ticker for this long after its last exit.
        participation_bps: largest share of the last bar's volume, and of the mean volume of
            the last 20 sessions once there are that many.
        stale_price_seconds: an older last price denies an entry.
        stale_sentiment_minutes: an older newest article denies an entry that news voted for.
        max_fees_bps: fees of an entry and its exit, share of the position's value; more deny it.
        net_of_costs: the size pays slippage, commission and the exit's fees too; False only for
            comparisons with other engines.
        allow_short: SHORT without a position opens one; otherwise it only closes.
        off: checks switched off by name; only for comparisons with other engines.
    """

    position_bps: BasisPoints = 500
    max_exposure_bps: BasisPoints = 8_000
    max_positions: NotNegative = 20
    stop_loss_bps: BasisPoints = 300
    take_profit_bps: Annotated[int, Ge(0), Le(30_000)] = 0
    trailing_stop_bps: BasisPoints = 0
    stops: Literal["close", "within"] = "close"
    delisted_sessions: NotNegative = 0
    delisted_price: Literal["last", "zero"] = "last"
    cooldown_minutes: NotNegative = 30
    participation_bps: BasisPoints = 100
    stale_price_seconds: NotNegative = 300
    stale_sentiment_minutes: NotNegative = 240
    max_fees_bps: BasisPoints = 200
    net_of_costs: bool = True
    allow_short: bool = False
    off: CheckNames = ()

    @property
    def exits(self) -> ExitRules:
        """Return where a position is closed by itself."""
        return ExitRules(
            self.stop_loss_bps, self.take_profit_bps, self.trailing_stop_bps,
            self.stops == "within", self.delisted_sessions, self.delisted_price == "zero",
        )  # fmt: skip

    @property
    def limits(self) -> Limits:
        """Return what the checks compare with."""
        return Limits(
            off=switched_off(self.off),
            stale_price=self.stale_price_seconds * SECOND_US,
            stale_news=self.stale_sentiment_minutes * MINUTE_US,
            cooldown=self.cooldown_minutes * MINUTE_US,
            positions=self.max_positions,
            position_bps=self.position_bps,
            exposure_bps=self.max_exposure_bps,
            participation_bps=self.participation_bps,
            fees_bps=self.max_fees_bps,
        )


@dataclass(frozen=True, slots=True)
class FillParams:
    """The simulated broker.

    Attributes:
        model: `close` fills at the close of the bar that decided, or of the first bar known
            after a decision between bars; `next_open` at the open of the first bar that
            starts at or after the decision.
        slippage_bps: against you, on the fill price; rounded against you to 1/10,000 dollar.
        volume_slippage_bps: more slippage, times the order's share of the bar's volume.
        commission_per_share: units of 1/10,000 dollar.
        commission_bps: of the traded value; rounded up.
        sell_fee_ppm: of the value of sales, parts per million, rounded up to a cent (as the
            SEC's fee).
        sell_fee_per_1000: units per thousand shares sold, rounded up to a cent (as FINRA's
            activity fee).
    """

    model: Literal["close", "next_open"] = "close"
    slippage_bps: BasisPoints = 1
    volume_slippage_bps: BasisPoints = 0
    commission_per_share: NotNegative = 100
    commission_bps: BasisPoints = 0
    sell_fee_ppm: BasisPoints = 0
    sell_fee_per_1000: NotNegative = 0

    @property
    def costs(self) -> Costs:
        """Return what an order costs beyond its price."""
        return Costs(
            self.slippage_bps, self.volume_slippage_bps, self.commission_per_share,
            self.commission_bps, self.sell_fee_ppm, self.sell_fee_per_1000,
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class AccountParams:
    """The paper account.

    Attributes:
        name: key of its records.
        start_cash: whole dollars, at most a billion: sums of units must fit 64 bits.
        snapshot_minutes: a portfolio snapshot at each full multiple, while bars come in, and one
            at each session's end.
    """

    name: str = "paper"
    start_cash: Annotated[int, Gt(0), Le(1_000_000_000)] = 1_000_000
    snapshot_minutes: Positive = 5


@dataclass(frozen=True, slots=True)
class LearningParams:
    """How strategies' weights follow from outcomes; see docs/learning.md.

    Attributes:
        rule: `ewma` moves a weight towards its reward; `hedge` multiplies it by its losses
            (exponential weights with fixed share); `fixed` leaves all as they are.
        rate: of `ewma`: share of the reward in the new weight.
        half_life_cycles: of `ewma`: an outcome's part halves each time so many cycles pass.
        eta: of `hedge`: the learning rate.
        share: of `hedge`: part of all weight that is dealt out evenly each cycle.
        cycle_sessions: sessions between two adjustments.
        min_trades: closed round trips of a strategy before its weight moves at all.
        max_shift: largest change of a weight in a cycle, absolute.
        floor: no weight falls below it.
        metrics_minutes: strategies' metrics at each full multiple, and at each session's end.
        horizon_bars: a vote is a hit if the price has gone its way after so many bars.
    """

    rule: Literal["ewma", "hedge", "fixed"] = "ewma"
    rate: Fraction = 0.1
    half_life_cycles: Annotated[float, Gt(0), Le(10_000)] = 10.0
    eta: Annotated[float, Gt(0), Le(100)] = 0.5
    share: Fraction = 0.02
    cycle_sessions: Annotated[int, Ge(1), Le(1_000)] = 1
    min_trades: NotNegative = 20
    max_shift: Fraction = 0.1
    floor: Fraction = 0.05
    metrics_minutes: Positive = 60
    horizon_bars: Annotated[int, Ge(1), Le(10_000)] = 30


@dataclass(frozen=True, slots=True)
class OwnParams:
    """Strategies of one's own.

    Attributes:
        strategies: `package.module:Class` or `file.py:Class` each.
    """

    strategies: Annotated[tuple[str, ...], BeforeValidator(_names)] = ()


@dataclass(frozen=True, slots=True)
class ControlParams:
    """Who may command.

    Attributes:
        outside_commands: commands that outsiders write to `control.requests` are let in, as
            `outside:` and their `who`; otherwise each becomes a dead letter.
    """

    outside_commands: bool = False


@dataclass(frozen=True, slots=True)
class Params:
    """All of it; a run is made under one value, whose hash is in `runs.started`."""

    momentum: MomentumParams = field(default_factory=MomentumParams)
    mean_reversion: MeanReversionParams = field(default_factory=MeanReversionParams)
    news_driven: NewsDrivenParams = field(default_factory=NewsDrivenParams)
    sentiment: SentimentParams = field(default_factory=SentimentParams)
    ensemble: EnsembleParams = field(default_factory=EnsembleParams)
    risk: RiskParams = field(default_factory=RiskParams)
    fills: FillParams = field(default_factory=FillParams)
    account: AccountParams = field(default_factory=AccountParams)
    learning: LearningParams = field(default_factory=LearningParams)
    own: OwnParams = field(default_factory=OwnParams)
    control: ControlParams = field(default_factory=ControlParams)
