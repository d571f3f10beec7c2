"""Labelled sentences of our own: what companies, analysts and traders say, from templates.

Written for this project, under its licence. A template's slots are filled at random from lists;
the same seed gives the same sentences. They teach the instant tier what no licensed set shows it
enough of: figures compared with a year ago, orders won, staff laid off, plain descriptions.
"""

import random
from collections.abc import Iterator
from typing import Final

import own_rules

SLOTS: Final = {
    "good": "net sales|operating profit|net profit|profit before taxes|pretax profit|EBIT|EBITDA|"
            "earnings per share|EPS|revenue|turnover|cash flow from operations|order intake|"
            "gross margin|net interest income|profit for the period|earnings|sales|the order book",
    "vol": "demand|exports|passenger traffic|sales volumes|production|market share|deliveries|"
           "orders|profitability|shipments|the occupancy rate|capacity utilisation|productivity",
    "bad": "operating loss|net loss|pretax loss|loss before taxes|loss per share|"
           "loss for the period",
    "cost": "costs|operating expenses|raw material costs|net debt|impairment losses|credit losses|"
            "customer complaints|emissions|delivery times",
    "rose": "rose|increased|grew|climbed|improved|went up|jumped|surged|was up|more than doubled",
    "fell": "fell|decreased|declined|dropped|slipped|went down|weakened|shrank|was down|slid",
    "sharp": "sharply|clearly|significantly|slightly|considerably|markedly|steadily",
    "period": "in the first quarter|in the second quarter of 2010|in January-September 2009|"
              "in the fourth quarter|during the financial year|in 2007|in the first half|"
              "for the three months|in the corresponding period|in the review period",
    "ago": "a year earlier|a year ago|in the year-ago period|in the same period last year|"
           "in the corresponding period of 2008|in the previous quarter|the previous year|in 2006",
    "firm": "The company|The group|Northwind Oyj|Baltic Steel Ltd|Meridian Corp|Larch Technologies|"
            "Harbour Foods PLC|the bank|the airline|the retailer|Finnish engineering company Arvo|"
            "Swedish paper maker Lunden|its subsidiary|The chipmaker|Kestrel Systems",
    "thing": "lifts and escalators|mobile phones|paper machines|forest machines|a power plant|"
             "packaging lines|software|cranes|wood products|bakery products|telecom equipment|"
             "insurance services|wireless modules|retail space|steel tubes|information systems",
    "place": "Finland|Russia|China|Germany|Poland|India|the United States|Brazil|Latvia|Helsinki|"
             "Stockholm|Singapore|London|Asia|St Petersburg|South Africa",
    "unit": "EUR {n} mn|EUR{n} m|{n} mln euro|EUR {n} million|${n} million|USD {n} m",
    "day": "on Monday|today|yesterday|on 13 November 2007|in June|this week|on Friday|in 2008",
    "boss": "chief executive|the CEO|the managing director|the chairman|the CFO|analysts",
    "said": "said|announced|reported|stated|told reporters",
    "tick": "$KESW|$MRDN|$LRCH|$HRBF|$ARVO|$LUND|$TDWR|$AAPL|$TSLA|$FB|$AMZN|$SPY|$GS|$NFLX",
    "big": "Deutsche Bank|Citigroup|Wells Fargo|Morgan Stanley|Jefferies|Baird|UBS|Cowen|Barclays",
}  # fmt: skip
POSITIVE: Final = """\
{good} {rose} to {high} from {low} {ago} .
{good} {rose} by {n} % to {high} from {low} {ago} .
{period} , {good} {rose} to {high} compared to {low} {ago} .
{good} totalled {high} , up from {low} {ago} .
{good} was {high} compared to {low} {ago} .
{good} came in at {high} versus {low} {ago} .
{good} amounted to {high} , compared with a loss of {low} {ago} .
{firm} {said} its {good} {rose} {sharp} {period} .
{firm} posted {good} of {high} {period} , up from {low} {ago} .
{firm} swung to a profit of {high} from a loss of {low} {ago} .
{firm} turned to a net profit from a loss {ago} .
{bad} narrowed to {low} from {high} {ago} .
{bad} was {low} , compared to a loss of {high} {ago} .
{cost} {fell} {sharp} {period} .
{cost} were reduced by {n} % .
{vol} {rose} {sharp} in {place} .
{vol} is expected to increase {sharp} .
{vol} has been strong in {place} , {boss} {said} .
the outlook for {vol} in {place} is favourable , {boss} {said} .
{firm} expects {good} to grow {sharp} from 2009 .
{firm} raised its forecast for {good} .
{good} exceeded expectations .
{firm} beat market expectations with {good} of {high} .
{firm} has won an order worth {unit} for {thing} from {place} .
{firm} has been awarded a contract to supply {thing} to {place} .
{firm} has signed a contract with {firm} to deliver {thing} to {place} .
{firm} {said} it has signed an agreement with {firm} on {thing} .
{firm} signed a cooperation agreement with {firm} .
{firm} has received an order for {thing} .
{firm} and {firm} form a partnership to develop {thing} .
{firm} selects {firm} as its supplier of {thing} .
{firm} was granted a permit to build {thing} in {place} .
{firm} is expanding its operations in {place} .
the investment will increase production capacity by {n} % .
{firm} will increase its production capacity in {place} .
with the acquisition , {firm} will strengthen its position in {place} .
the acquisition supports the growth strategy of {firm} in {place} .
the new solution improves efficiency and reduces costs .
{thing} enable customers to work faster , more safely and more efficiently .
the measures are expected to bring annual savings of {unit} .
the new organisation creates a more efficient and profitable company .
the move will create new jobs in {place} .
{firm} will hire {n} new employees in {place} .
{firm} has a strong market position in {place} .
{firm} is the leading supplier of {thing} in the world .
" we are very pleased with the result , " {boss} {said} .
" we are proud to be chosen , " {boss} {said} .
" this is an excellent opportunity for growth , " {boss} {said} .
{firm} increased its quarterly dividend to {high} from {low} .
the board proposes a higher dividend .
{firm} received an award for its {thing} .
{firm} launches new {thing} with better performance .
customers praised the quality and reliability of {thing} .
{firm} has strengthened its balance sheet and improved its cash flow .
the result was the best in the history of {firm} .
shares in {firm} rose {n} % .
the stock climbed {n} % to a record high .
{firm} shares surged after it won approval for its drug .
EU regulator backs approval for {firm} drug
{firm} wins {unit} order from {place}
{firm} top forecasts , shares leap
{firm} to return cash to shareholders
{firm} reports solid start to the year
{firm} secures new funding
{tick} breaking out , going long here
{tick} looking strong , bullish
bought more {tick} calls , easy pop
{tick} nice bounce off support , upside ahead
long {tick} , great setup for a move higher
{tick} new highs today , love this stock
{tick} buy the dip , ready to run
{tick} gaining steam , higher highs
I like {tick} for an upside break
{tick} poised to pop after earnings
{tick} - {big} upgrades to Buy
{big} raises price target on {tick}
{tick} up {n}% premarket after earnings beat"""
NEGATIVE: Final = """\
{good} {fell} to {low} from {high} {ago} .
{good} {fell} by {n} % to {low} from {high} {ago} .
{period} , {good} {fell} to {low} compared to {high} {ago} .
{good} totalled {low} , down from {high} {ago} .
{good} was {low} compared to {high} {ago} .
{good} stood at {low} versus {high} {ago} .
{good} came in at {low} , against {high} {ago} .
{firm} {said} its {good} {fell} {sharp} {period} .
{firm} swung to a loss of {high} from a profit of {low} {ago} .
{firm} slipped to a net loss of {low} from a profit of {high} {ago} .
{bad} totalled {high} , compared to a profit of {low} {ago} .
{bad} was {high} compared to a loss of {low} {ago} .
{bad} widened to {high} from {low} {ago} .
{firm} made a loss of {high} {period} .
{cost} {rose} {sharp} {period} .
{cost} weighed on {good} {period} .
{vol} {fell} {sharp} in {place} .
{vol} has been weak in {place} , {boss} {said} .
{vol} is expected to remain weak .
{firm} expects {good} to decline {sharp} from 2009 .
{firm} cut its forecast for {good} .
{firm} issued a profit warning .
{good} missed expectations .
{good} was below expectations .
{firm} will lay off {n} employees in {place} .
{firm} starts employee negotiations on temporary lay-offs in {place} .
{firm} will reduce {n} jobs in {place} .
the job cuts will be carried out by March .
as a result , {n} persons will no longer be needed .
{firm} plans to close its plant in {place} .
{firm} will temporarily shut down its mill in {place} .
{firm} has cut output in {place} .
{firm} was fined {unit} over an alleged cartel .
{firm} faces a lawsuit over {thing} .
a court in {place} ruled against {firm} .
court invalidates {firm} patent
{firm} is under investigation in {place} .
workers went on strike at {firm} in {place} .
the union filed a complaint against {firm} .
{firm} recalls {thing} over safety fears
{firm} cancelled its order for {thing} .
{firm} has lost market share in {place} .
{firm} will not pay a dividend .
{firm} filed for bankruptcy .
{firm} {said} the situation remains difficult and uncertain .
" the market was very weak , " {boss} {said} .
" the result is a disappointment , " {boss} {said} .
thieves stole {thing} from {firm} .
an accident stopped production at {firm} in {place} .
{firm} {boss} to step down
{firm} abandons its plans for {thing}
{firm} hit by tax claims
{firm} struggle in stress tests
regulator raises concerns over {firm} deal
shares in {firm} fell {n} % .
the stock dropped {n} % to its lowest level in a year .
{firm} shares tumble after weak results
{tick} breaking down , shorting here
{tick} looking weak , bearish
bought {tick} puts , more downside
{tick} failed at resistance , going lower
short {tick} , ugly chart
{tick} overvalued , get out
{tick} sold my position , looks like it is falling
{tick} pullback coming , rejecting highs
{tick} dead money , lower lows
not optimistic about {tick}
{tick} - {big} cuts to Hold
{big} downgrades {tick} to Sell
{big} slashes price target on {tick}
{tick} down {n}% after earnings miss"""
NEUTRAL: Final = """\
{firm} is a provider of {thing} .
{firm} , headquartered in {place} , manufactures {thing} .
{firm} produces {thing} in {place} .
{firm} employs {n} people in {place} .
{firm} has operations in {place} and {place} .
{good} totalled {unit} {period} .
{firm} had {good} of {unit} in 2008 .
{firm} posted a turnover of {unit} and a profit of {unit} for 2006 .
{good} will be published {day} .
the annual general meeting will be held {day} in {place} .
{firm} will publish its interim report {day} .
the value of the deal was not disclosed .
the financial terms were not disclosed .
the parties have agreed not to disclose the price .
the transaction is subject to the approval of the authorities .
the total value of the project is {unit} .
the contract includes {thing} and maintenance .
the delivery will take place {day} .
the building will be completed {day} .
the plant is located in {place} .
{firm} has appointed a new {boss} .
{firm} named a new head of {thing} in {place} .
he will report to {boss} .
she joins from {firm} .
{n} new shares have been subscribed for with stock options .
the share capital of {firm} is {unit} .
the holding of {firm} in {firm} is now {n} % .
the shares are listed in {place} .
the new shares will be registered {day} .
the index closed at {n} points .
the index was up {n} % , while the other was down {n} % .
{firm} shares closed unchanged at {unit} .
{firm} sold its stake in {firm} to {firm} .
{firm} acquired {n} % of {firm} .
{firm} is considering the sale of its unit in {place} .
{firm} is studying a possible listing of its unit .
{firm} expects {good} of {unit} for the full year .
{good} is expected to be at the level of the previous year .
{vol} remained at the level of the previous year .
the result was in line with analysts' forecasts .
the agreement is in force until 2012 .
the company's main customers are in {place} .
the product range includes {thing} and {thing} .
the strategy is described in the annual report .
the figures include the businesses in {place} .
{firm} has no plans to move production to {place} , {boss} {said} .
{firm} made no comment .
the offer period ends {day} .
the tender was open until {day} .
a study of {thing} was published {day} .
{firm} to hold conference call {day}
{firm} files quarterly report
{firm} to present at conference in {place}
What to watch in {place} {day}
{n} stocks to watch {day}
Here is what {boss} said {day}
{tick} earnings {day} , what to expect
{tick} options volume {n} contracts
{tick} trading at {n}
watching {tick} today
{tick} insider filing , form 4
{tick} - {big} resumes coverage at Neutral"""


BARE: Final = 0.03  # so many sentences are written without their full stop
RULES_MORE: Final = 2  # so many times as often: their slots hold more
TEMPLATES: Final = (
    ("positive", POSITIVE, 1),
    ("negative", NEGATIVE, 1),
    ("neutral", NEUTRAL, 1),
    ("positive", own_rules.POSITIVE, RULES_MORE),
    ("negative", own_rules.NEGATIVE, RULES_MORE),
    ("neutral", own_rules.NEUTRAL, RULES_MORE),
)


def sentences(each: int, seed: int) -> Iterator[tuple[str, str]]:
    """Give (sentence, label), `each` of every template, in a fixed order.

    Args:
        each: how many times a template is filled; those that teach rules twice as often.
        seed: of the filling.
    """
    draw = random.Random(seed)  # noqa: S311  # sentences, not secrets
    for label, templates, times in TEMPLATES:
        for template in templates.splitlines():
            for _ in range(each * times):
                text = _fill(template, draw)
                if draw.random() < BARE:
                    text = text.removesuffix(" .").replace(" , ", ", ")
                yield text[0].upper() + text[1:], label


def _fill(template: str, draw: random.Random) -> str:
    low, cents = draw.uniform(0.3, 90), draw.uniform(0.02, 0.5)
    pair = {"low": low, "high": low * draw.uniform(1.04, 2.5)}
    unit = draw.choice(SLOTS["unit"].split("|"))
    text = template
    for name, amount in pair.items():
        text = text.replace(f"{{{name}}}", unit.replace("{n}", f"{amount:.1f}"))
    text = text.replace("{less}", f"{cents:.2f}").replace("{more}", f"{cents * 1.7:.2f}")
    while "{" in text:
        before, _, rest = text.partition("{")
        slot, _, after = rest.partition("}")
        text = f"{before}{_value(slot, draw)}{after}"
    return text


def _value(slot: str, draw: random.Random) -> str:
    if slot == "n":
        return draw.choice([f"{draw.uniform(0.2, 60):.1f}", str(draw.randint(2, 900))])
    if slot == "q":
        return str(draw.randint(1, 4))
    return draw.choice((SLOTS.get(slot) or own_rules.SLOTS[slot]).split("|"))
