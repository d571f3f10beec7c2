"""Templates that teach rules: signs, denials, what ends well, figures of which less is better.

Written for this project, under its licence; `own_sentences.py` fills them. A rule is shown with
many nouns and names, so that the marks of `operators/news/features.py` carry its weight and not
the words.
"""

from typing import Final

SLOTS: Final = {
    "name": "Roku|Larchmont|Kestrel|Meridian|Northwind|Harbour Foods|Arvo|Lunden|Baltic Steel|"
            "Pinecrest|Vantor|Oakfield|Sunrise Motors|Delmore|Quillon|Ashby Retail|Torvald|Mirex",
    "minus": "-|-|-|\u2212|\u2013",
    "pct": "{x}%|{x}%|{x} %|{x} percent|{x} pct",
    "x": "0.4|1.2|2|2.7|3|3.5|4.1|5|5.1|6|7.8|9|11|12.4|15|18|23|31|40",
    "why": "after results|on Q3 miss|premarket|after hours|today|in early trading|at the open|"
           "on guidance|after the report|on heavy volume|on the news|ahead of earnings",
    "plain": "after hours|today|in early trading|at the open|this week|in midday trading",
    "court": "Judge|Court|Appeals court|Federal judge|High Court|Tribunal|Arbitrator|US judge",
    "drops": "drops|dismisses|throws out|tosses|rejects|ends|withdraws|closes|settles",
    "dropped": "dismissed|dropped|thrown out|withdrawn|settled|ended|resolved|closed|lifted",
    "case": "lawsuit|antitrust suit|class action lawsuit|probe|investigation|fraud charges|"
            "complaint|inquiry|case|bribery probe|patent suit|claims|criminal charges|litigation",
    "curb": "ban|strike|recall|tariffs|sanctions|lockdown|boycott|penalty|fine|export curbs|"
            "bankruptcy|default|shutdown|downgrade|delisting|walkout|blockade|restrictions",
    "agency": "regulator|EU|SEC|union|prosecutors|government|watchdog|Justice Department|China",
    "prize": "contract|order|deal|dividend|buyback|guidance|forecast|merger|IPO|partnership|"
             "listing|approval|licence|expansion plans|takeover talks|rescue deal|bid",
    "inv": "unemployment|jobless claims|inflation|bond yields|Treasury yields|costs|debt|"
           "net debt|operating expenses|bad loans|input costs|credit losses|defaults|"
           "raw material costs|borrowing costs|NPAs|provisions|layoffs|fuel costs|churn|expenses|"
           "initial jobless claims|impairments|consumer prices inflation|tax expenses",
    "falls": "fall|drop|decline|ease|slip|shrink|fell|dropped|declined|eased|slid|decreased|"
             "were reduced|are down|came down|cool|plunge|tumble|lower|narrow",
    "climbs": "rise|climb|jump|surge|increase|rose|climbed|jumped|surged|increased|grew|"
              "are up|went up|swell|soar|mount|widen|accelerate|balloon",
    "lossy": "loss|net loss|quarterly loss|operating loss|Q2 loss|pretax loss|annual loss|"
             "losses|first-half loss|trading losses",
    "shrinks": "shrinks|narrows|falls|halves|eases|declines|shrank|narrowed|fell|halved|"
               "was smaller|contracts|drops|was cut|is reduced|dropped",
    "widens": "widens|deepens|grows|rises|doubles|swells|mounts|widened|deepened|grew|rose|"
              "doubled|increases|jumps|balloons|surged",
    "plus": "profit|sales|revenue|earnings|net profit|orders|margins|demand|output|exports|"
            "shipments|operating profit|EBITDA|turnover|bookings|cash flow|EPS|shares",
    "fear": "feared|expected|forecast|analysts had feared|expectations|estimates",
    "trade": "shares|stock|stocks|futures|oil|gold|copper|the rupee|the index|bank stocks",
    "gone": "fraud|wrongdoing|misconduct|debt|default|delays|damage|job cuts|problems|losses",
    "role": "chief financial officer|chief executive|chairman|head of sales|board member|"
            "managing director|general counsel|chief operating officer|auditor",
    "month": "January|February|March|April|May|June|July|August|September|October|November",
}  # fmt: skip
POSITIVE: Final = """\
{name} +{pct} {why}
{name} (+{x}%) {plain}
{tick} +{x}%
{tick} +{x}% {why}
{name} shares +{pct}
{name} up {pct} {plain}
Gainers : {name} +{x}% , {name} +{x}% .
{trade} up {pct} {plain}
{court} {drops} {case} against {name}
{court} {drops} {case} over {thing} at {name}
{name} {case} {dropped}
{case} against {name} {dropped}
{case} against {name} was {dropped} by {court}
{agency} drops {case} into {name}
{agency} ends {case} of {name} without action
{agency} closes {case} , no action against {name}
{name} settles {case}
{name} settles {case} with {agency}
{name} cleared of {case}
{name} cleared in {case}
{name} wins dismissal of {case}
{name} wins {case}
{name} acquitted of {case}
{name} avoids {curb}
{name} averts {curb}
{name} escapes {curb}
{name} exits bankruptcy
{name} emerges from bankruptcy
{agency} lifts {curb} on {name}
{agency} withdraws {curb}
{agency} drops {curb} on {thing}
{curb} on {name} {dropped}
{curb} at {name} ends after deal
{name} strike ends
{name} workers end strike
{name} ends {curb}
{name} {lossy} {shrinks}
{name} {lossy} {shrinks} {sharp}
{name} {lossy} {shrinks} to {low}
{name} {lossy} smaller than {fear}
{name} reports narrower {lossy}
{name} posts smaller {lossy} than {fear}
narrower {lossy} for {name}
{name} cuts {lossy} by {pct}
{inv} {falls}
{inv} {falls} {pct}
{inv} at {name} {falls} {sharp}
{inv} {falls} in {place}
{name} cuts {inv}
{name} reduces {inv} by {pct}
lower {inv} lift {name}
{name} says {inv} lower than {fear}
falling {inv} help {name}
results not as bad as {fear}
{name} results not as bad as {fear}
quarter not as weak as {fear}
{name} quarter less bad than {fear}
damage at {name} not as bad as {fear}
bond yields {falls}
Treasury yields {falls} {plain}
unemployment {falls} in {month}
{good} was {high} , compared to {low} in 2007 .
{name} {plus} better than {fear}
{name} {plus} not as weak as {fear}
{plus} fell less than {fear}
not a bad quarter for {name}
nothing wrong with {name} , buy
{name} is no longer in trouble
no sign of weakness at {name}
{name} denies {gone}
{name} sees no {gone}
fears over {name} ease
worries over {name} fade
{name} back in profit
{name} returns to profit
{name} returns to growth
{name} pays off debt
{name} reduces debt
{name} hires {n} workers
{name} doubles dividend
{trade} recover {why}
{trade} rebound after sell-off
{name} {plus} rises as {inv} {falls}
{name} beats on {plus}
{name} beats by ${less} , beats on revenue
{name} surges {pct} {plain}
{name} zooms {pct}
{name} awarded {unit} contract
{name} lands {unit} contract with {place}
{name} wins approval for {thing}
{name} wins contract
{name} wins contract for {thing}
{name} wins {prize}
{agency} approves {name} {prize}
{name} gets {prize} from {place}
{name} to build plant in {place} , creating {n} jobs
{name} order book at record high
{plus} went up to {high} from {low} in the corresponding period .
{plus} rose to {high} from {low} .
{plus} for the quarter was {high} , up from {low} .
{plus} increased to {high} , as compared to {low} in {month} .
{lossy} was {low} , down from {high} .
diluted earnings per share rose to EUR {more} from EUR {less} .
the order is the largest ever for {firm} in {place} .
the contract strengthens {firm} 's position as a supplier of {thing} .
the new plant doubles the capacity for {thing} .
{firm} has been chosen to supply {thing} to {place} .
{firm} has been selected as the supplier of {thing} for {name} .
{name} has ordered {thing} from {firm} .
{firm} aims to double its sales of {thing} by 2010 .
{firm} estimates that {good} will improve .
{firm} expects demand for {thing} to grow .
the cooperation gives {firm} access to new customers in {place} .
{firm} will be able to offer its customers a wider range of {thing} .
cost savings will improve the result of {firm} ."""
NEGATIVE: Final = """\
{name} {minus}{pct} {why}
{name} ({minus}{x}%) {plain}
{tick} {minus}{x}%
{tick} {minus}{x}% {why}
{name} shares {minus}{pct}
{name} {minus}{x}% on Q{q} report
{name} down {pct} {plain}
Losers : {name} {minus}{x}% , {name} {minus}{x}% .
{trade} down {pct} {plain}
{agency} opens {case} into {name}
{agency} launches {case} of {name}
{name} faces {case}
{name} hit by {case}
{name} sued over {thing}
{case} filed against {name}
{court} allows {case} against {name} to proceed
{court} refuses to dismiss {case} against {name}
{name} fails to avoid {curb}
{name} fails to settle {case}
{agency} imposes {curb} on {name}
{agency} extends {curb} on {name}
{name} hit by {curb}
{name} workers begin strike
{name} strike continues
{name} files for bankruptcy
{name} nears default
{name} withdraws {prize}
{name} cancels {prize}
{name} scraps {prize}
{name} suspends {prize}
{name} withdraws guidance
{name} withdraws guidance for {month}
{name} withdraws its {prize}
{name} withdraws forecast for the year
{name} withdraws bid for {name}
bond yields {climbs}
unemployment {climbs} in {month}
{good} was {low} , compared to {high} in 2007 .
{name} loses {prize}
{name} drops {prize}
{name} delays {prize}
{name} abandons {prize}
{name} ends {prize} with {name}
{agency} rejects {name} {prize}
{name} {prize} cancelled
{name} {lossy} {widens}
{name} {lossy} {widens} {sharp}
{name} {lossy} {widens} to {high}
{name} {lossy} bigger than {fear}
{name} reports wider {lossy}
{name} posts surprise {lossy}
wider {lossy} for {name}
{inv} {climbs}
{inv} {climbs} {pct}
{inv} at {name} {climbs} {sharp}
{inv} {climbs} in {place}
higher {inv} hurt {name}
rising {inv} weigh on {name}
{name} warns of higher {inv}
{name} {plus} worse than {fear}
{name} {plus} not as good as {fear}
{name} {plus} rises less than {fear}
{name} is not profitable
{name} did not win the {prize}
{name} has no {prize}
no growth at {name}
{name} {plus} fails to improve
{name} fails to win {prize}
{name} not a buy
{name} will not pay a dividend
not a good quarter for {name}
{name} unlikely to return to profit
{name} cannot repay debt
{name} no longer expects growth
{name} lays off {n} workers
{name} to cut {n} jobs
{name} to shed {n} jobs in {place}
{name} to close plant in {place}
{name} warns on {plus}
{name} misses on {plus}
{name} misses by ${less} , revenue in line
{name} plunges {pct} {plain}
{name} tanks {pct}
{trade} fall {why}
{trade} give up gains
{trade} extend losses
{name} recalls {n} vehicles
{name} fined {unit}
{name} {plus} falls as {inv} {climbs}
{plus} went down to {low} from {high} in the corresponding period .
{plus} fell to {low} from {high} .
{plus} for the quarter was {low} , down from {high} .
{plus} decreased to {low} , as compared to {high} in {month} .
{lossy} was {high} , up from {low} .
{lossy} totalled {high} , compared to {low} .
diluted earnings per share fell to EUR {less} from EUR {more} .
{firm} estimates that {good} will decline .
{firm} lowers its estimate of {good} .
{firm} has decided to discontinue production of {thing} in {place} .
the employees of {firm} in {place} will be laid off .
{firm} will write down {unit} on {thing} ."""
NEUTRAL: Final = """\
{name} trades between {x}% and {x}% of its target
{name} holds {x}-{q}% of the market
{name} to report {month} {q}
{name} Q{q} results on {month} {q}
{name} stake at {pct}
{firm} 's share of votes is {pct} .
{firm} owns {pct} of {name} .
{firm} holds {n} shares , or {pct} of {name} .
{name} names {role}
{name} appoints {role}
{firm} has appointed a new {role} as of {month} .
{firm} 's {role} will present the results in {month} .
the {role} has worked for {firm} since 2001 .
{firm} was established in 1985 and is based in {place} .
{firm} is part of {firm} .
{firm} is a {place} based company that makes {thing} .
{firm} makes {thing} and has {n} employees .
{firm} has {n} shops in {place} .
{firm} has offices in {place} , {place} and {place} .
{firm} 's head office is in {place} .
{firm} serves customers in {place} with {thing} .
{firm} 's turnover was {unit} in 2007 .
{firm} had net sales of {unit} and {n} employees in 2008 .
{good} was {unit} .
{good} in {place} was {unit} {period} .
{inv} were unchanged in {month}
{plus} unchanged from a year ago
{plus} was flat
{firm} 's {plus} was at the same level as {ago} .
{trade} little changed {plain}
{trade} flat {plain}
{trade} steady ahead of data
the project starts in {month} and will be completed in 2011 .
the order will be delivered in {month} .
the deliveries will begin in {month} .
the deal was closed in {month} .
the acquisition price was not published .
the price of the deal will not be disclosed .
the transaction will be completed in {month} .
the parties will not comment on the price .
the agreement is valid for {q} years .
the meeting begins at 10 a.m. in {place} .
the board has {q} members .
the board proposes that a dividend of EUR {less} be paid .
{n} shares were traded {day} .
the number of shares is {n} 000 .
{firm} has {n} 000 shares outstanding .
the options can be exercised until {month} .
{firm} bought {n} of its own shares {day} .
{firm} plans to acquire {name} .
{firm} sold its {thing} business to {firm} .
{firm} has acquired {name} , which makes {thing} .
{firm} has agreed to buy {name} from {firm} .
{firm} is looking for a partner in {place} .
{firm} may build a plant in {place} .
{name} does not comment on the {case}
{name} earnings call transcript
{name} Q{q} earnings preview
what to expect from {name} results
{name} declares ${less} dividend
{name} in talks with {name} on {prize}
{name} to present at {month} conference
{firm} 's products include {thing} and {thing} .
{thing} are made in {place} .
{thing} of {firm} are sold in {place} .
the market for {thing} in {place} is worth {unit} a year .
the company is listed in {place} .
the shares of {firm} are quoted in {place} .
the service is available in {place} .
the building has {n} square metres of office space .
the financial statements are available at the company 's website .
for further information , please contact {boss} .
{boss} of {firm} will answer questions {day} .
{firm} did not disclose the value of the contract .
the name of the customer was not disclosed .
as of {month} , {firm} will report in {q} segments .
{firm} will move to new premises in {place} in {month} ."""
