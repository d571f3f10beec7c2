"""Words the instant tier knows beforehand: what is good or bad, rises or falls, denies or ends.

Lists of our own. A word may be of several kinds; kinds are bits, so that one look says all. They
are what lets the tier judge words that its training texts lack, and see that a dismissed lawsuit, a
smaller loss or lower costs are good.
"""

from typing import Final

GOOD, BAD, UP, DOWN, THAN, NOT = 1, 2, 4, 8, 16, 32
FINE, POOR, ENDS, LOSES, EVENT, HOPE = 64, 128, 256, 512, 1024, 2048
CUT, TURN, SIGNED, MINUS = 4096, 8192, 16_384, 32_768
NOUN, MOVE = GOOD | BAD, UP | DOWN
_LISTS: Final = {
    # figures of which more is better
    GOOD: (
        "profit profits sales revenue revenues revs turnover earnings income ebit ebitda eps "
        "order orders intake margin margins profitability demand volume volumes production "
        "exports dividend dividends traffic passengers shipments deliveries output share shares "
        "stock stocks index growth rating target price prices outlook guidance forecast estimates "
        "result results cash flow backlog market bookings subscribers pt surplus ftse nifty "
        "sensex rupee futures equities payrolls hiring pat gdp productivity confidence sentiment "
        "assets orderbook ffo buyback capacity net-income receipts footfall openings homebuilding"
    ),
    # figures of which less is better
    BAD: (
        "loss losses cost costs expense expenses debt debts unemployment claims deficit layoffs "
        "inflation writedown writedowns impairment impairments liabilities tax taxes shortfall "
        "yields jobless joblessness delinquencies defaults npa npas expenditure borrowings "
        "emissions complaints volatility vix cpi provisions churn vacancy cases deaths fatalities "
        "accidents injuries bankruptcies outages delays backlogs overheads indebtedness gearing "
        "leverage write-offs write-downs charge-offs redundancies tariffs absenteeism risk risks"
    ),
    UP: (
        "rose rise rises rising risen increased increase increases increasing grew grow grows "
        "growing growth up climbed climbs climb climbing jumped jumps jump jumping higher "
        "improved improves improve improving surged surges surge surging doubled doubles double "
        "tripled gained gains gain gaining soared soars soar soaring advanced advances rallied "
        "rallies rally rallying strengthened strengthens expanded expands expand exceeded exceeds "
        "beat beats beating tops topped topping raised raises raise raising lifted lifts boosted "
        "boosts boost upgraded upgrade upgrades widened widens widen widening rebounds rebounded "
        "rebound upped ups hikes hike hiked zooms zoomed swells swelled deepens deepened deepen "
        "mounts mounted ballooned balloons skyrockets skyrocketed rockets rocketed spikes spiked "
        "leaps leapt leaped quadrupled accelerated accelerates quickens quickened worsens "
        "outpaced recovered recovers firms firmed inches inched edges pops popped trebled"
    ),
    DOWN: (
        "fell fall falls falling fallen decreased decrease decreases decreasing declined decline "
        "declines declining down dropped drops drop dropping slipped slips slip slipping lower "
        "lowered lowers lowering reduced reduce reduces reducing reduction narrowed narrows "
        "narrow narrowing shrank shrinks shrink shrinking shrunk cut cuts cutting weakened "
        "weakens weaken weakening slid slides slide sliding plunged plunges plunge plunging "
        "halved halves halve tumbled tumbles tumble tumbling sank sinks sink sinking plummeted "
        "plummets missed misses miss trimmed trims trim shed sheds slashed slashes slash "
        "downgraded downgrade downgrades contracted contracts eased eases ease easing dipped dips "
        "dip diminished diminishes slumped slumps slump slumping dives dived dive tanks tanked "
        "crashed crashes crash craters cratered nosedives nosedived retreats retreated smaller "
        "fewer dwindle dwindles dwindled pares pared moderated moderates cools cooled softens "
        "softened subsides subsided slows slowed slowing collapses collapsed erodes eroded sags "
        "sagged skids skidded less lows"
    ),
    THAN: "from versus vs against compared compare year-ago",
    NOT: (
        "not no never n't without hardly unlikely fails failed fail isn't won't doesn't don't "
        "refuses refused didn't wasn't aren't weren't can't cannot couldn't hasn't haven't hadn't "
        "shouldn't wouldn't neither nor nothing barely lacks lacking nobody none cant wont dont"
    ),
    # good in itself
    FINE: (
        "win wins won winning winner winners award awarded awards record bullish breakout upside "
        "strong stronger strongest robust solid healthy outperform outperforms outperformed "
        "overweight buy bought buying accumulate optimistic optimism upbeat success successful "
        "successfully approval approved approves approve secures secured secure breakthrough "
        "profitable opportunity opportunities recovery recover attractive undervalued cheap "
        "momentum best better favourable favorable positive positively impressive excellent "
        "exceptional outstanding expansion expand agreement partnership partners cooperation "
        "innovative efficient efficiency efficiencies enhance enhances enhanced strengthen "
        "strengthening leading leader milestone upturn boom booming thrive thriving flourish "
        "shine shines cheer cheers cheered hot love confident resilient rewarding bonus support "
        "supports supported bounce bounces bouncing calls outshine acclaimed praised popular "
        "satisfied pleased proud delighted savings stimulus relief hope hopes bargain bargains "
        "multi-year moon ripping ripped beautiful nice great gem boosting accelerate accelerating "
        "benefit benefits benefiting unveils launches launch hires pick picks favourite favorite "
        "top lead stellar blowout upswing rescues rescue rescued inked inks bags bagged clinches "
        "clinched lands landed wooing lucrative uptick uptrend long bull bulls buoyant buoyed "
        "brisk bright brighter gains reward overtakes overtake"
    ),
    # bad in itself
    POOR: (
        "weak weaker weakest weakness poor bearish downside sell sold selling selloff sell-off "
        "underperform underperforms underperformed underweight disappointing disappoints "
        "disappointed disappointment disappoint warning warns warned warn worse worst worries "
        "worry worried worrying fear fears feared trouble troubled troubles struggling struggles "
        "struggle struggled crisis fraud fraudulent scandal bankrupt insolvency insolvent "
        "overvalued expensive negative negatively uncertainty uncertain difficult difficulties "
        "problem problems gloom gloomy pessimistic pessimism concern concerns concerned cautious "
        "caution threat threatens threatened threaten damage damaged damages hurt hurts hurting "
        "harm hit hits blow slowdown recession downturn slack sluggish suffer suffers suffered "
        "suffering pressure pressured pressures headwinds drag drags dragged turmoil panic rout "
        "bloodbath carnage ugly sour sours soured stumble stumbles stumbled falter falters "
        "faltered lag lags lagging lagged delay delayed halt halts halted suspend suspends "
        "suspended suspension shutdown closure closures close-down layoff fired dismissal bleak "
        "dire grim woes woe breach hack hacked leak outage fire explosion accident theft stolen "
        "robbery flood resign resigns resigned quits quit ousted oust delisted delisting bubble "
        "dump dumped dumping short shorts shorting puts bear bears downtrend breakdown broken "
        "dead toxic junk distress distressed plague plagued volatile shaky jittery nervous spook "
        "spooks spooked slammed slams bruised bruises bruising wipeout collapse meltdown doom "
        "doomed miserable terrible awful horrible failure failing failures flop flops backlash "
        "boycott cancel cancels cancelled canceled cancellation terminate terminates terminated "
        "terminating abandon abandons abandoned scraps scrapped lose loses losing lost laggards "
        "laggard unprofitable unable insufficient mismanagement misconduct bribery corruption "
        "cartel illegal unlawful violation violations accused accuses alleges alleged deceptive "
        "sue sues sued guilty convicted raid raided seized arrest arrested jailed overbought "
        "topping rejected rejects reject denied unfavourable unfavorable dilution dilutive burden"
    ),
    # bad events that may end, or be thrown out
    EVENT: (
        "lawsuit lawsuits suit suits probe probes investigation investigations inquiry ban bans "
        "strike strikes recall recalls fine fines penalty penalties charges charge allegations "
        "sanctions bankruptcy default downgrade walkout litigation complaint complaints antitrust "
        "indictment tariff tariffs dispute disputes claim claims case cases fears lockdown "
        "lockdowns shutdown quarantine curbs restrictions boycott crisis row protest protests "
        "blockade outage slump recession accusations subpoena injunction embargo war standoff "
        "deadlock moratorium halt delisting job-cuts threat crackdown liquidation insolvency "
        "receivership prosecution conviction levy takeover-battle"
    ),
    # good things that may be withdrawn
    HOPE: (
        "guidance dividend dividends buyback deal contract contracts talks order orders approval "
        "plan plans ipo merger offer bid forecast outlook agreement coverage listing expansion "
        "partnership payout investment project launch licence license rebate bonus customers "
        "customer targets target support negotiations"
    ),
    # what puts an end to a bad event
    ENDS: (
        "dismiss dismisses dismissed dismissing dismissal settle settles settled settling "
        "settlement drop drops dropped dropping end ends ended ending avoid avoids avoided "
        "avoiding averts averted avert withdraw withdraws withdrew withdrawn withdrawing resolve "
        "resolves resolved overturn overturns overturned overturning lift lifts lifted lifting "
        "clear clears cleared clearing escape escapes escaped acquitted acquits quash quashes "
        "quashed reverse reverses reversed reject rejects rejected rejecting toss tosses tossed "
        "thrown throws deny denies denied denying scrap scraps scrapped scrapping cancel cancels "
        "cancelled canceled suspend suspends suspended abandon abandons abandoned terminate "
        "terminates terminated halts halted closes closed defeats defeated wins win won beats "
        "dispels allays allayed eases eased ease waives waived removes removed shelves shelved "
        "fade fades faded emerges emerge emerged exits exit exited lapses lapsed axes axed annuls "
        "annulled vacates vacated sidesteps sidestepped dodges dodged prevents prevented prevent "
        "revokes revoked postpones postponed"
    ),
    # what takes a good thing away
    LOSES: (
        "withdraw withdraws withdrew withdrawn withdrawing drop drops dropped dropping end ends "
        "ended ending reject rejects rejected rejecting deny denies denied scrap scraps scrapped "
        "scrapping cancel cancels cancelled canceled cancelling suspend suspends suspended "
        "abandon abandons abandoned terminate terminates terminated halts halted shelves shelved "
        "pulls pulled lapses lapsed loses lost losing lose axes axed discontinues discontinued "
        "revokes revoked postpones postponed delays delayed blocks blocked collapses collapsed"
    ),
    # beyond these a word no longer speaks of what comes next
    TURN: (
        "on after amid as but although though despite while whereas because since due following "
        "when with if before until and"
    ),
}
KIND: Final[dict[str, int]] = {}
for _kind, _words in _LISTS.items():
    for _word in _words.split():
        KIND[_word] = KIND.get(_word, 0) | _kind
for _mark in (",", ";", ":", ".", "!", "?"):
    KIND[_mark] = CUT
