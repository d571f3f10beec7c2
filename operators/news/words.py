"""Words that tell a ticker or a company's name from an ordinary word."""

import re
from typing import Final

RATES: Final = re.compile(
    r"\b(upgrad|downgrad|price target|target price|rating|overweight|underweight|outperform|"
    r"equal.weight|maintain|initiat|reiterat|resume|opens? |starts? |analyst|urge|top pick|"
    r"favorite|says|wants? you|warning|signal|strategist|economist|bull case|bear case|"
    r"stocks? to (buy|watch|own)|"
    r"buy the dip|coverage|outlook|revised|activity|PMI|PT\b|"
    r"(cuts?|raises?) to|to (hold|neutral|market perform)\b|sees |warns|according to)",
    re.IGNORECASE,
)  # fmt: skip
# After an ordinary word: it is a company's name. `Energy stocks` are no company's.
_OWNERS: Final = "stock shares inc corp corporation co company plc ltd ceo cfo shareholders"
OWNERS: Final = frozenset(_OWNERS.split())
LEGAL: Final = frozenset(("inc", "corp", "corporation", "co", "company", "plc", "ltd"))
# In capitals in a title, and no part of the name behind them.
_LITTLE: Final = (
    "the a an why how is can should will does did do are was as and or of for on in at to with "
    "after from by vs buy sell hold if when what says meet this about into over under"
)
LITTLE: Final = frozenset(_LITTLE.split())
_CUES: Final = (
    "stock stocks shares share inc corp corporation co company plc ltd earnings ceo cfo "
    "dividend investors investor q1 q2 q3 q4 vs versus etf calls puts options shareholders "
    "holdings yields yield bulls bears"
)
CUES: Final = frozenset(_CUES.split())
# After a name of several ordinary words.
_REPORTING: Final = (
    "s reports reported announces announced posts declares q1 q2 q3 q4 earnings ceo cfo"
)
REPORTING: Final = frozenset(_REPORTING.split())
# After a broker: the news is about it, whatever else is said.
_SUBJECTS: Final = (
    "shares earnings profit profits revenue results dividend ceo cfo executive executives "
    "banker bankers employee employees layoffs branches customers settlement fined sued"
)
SUBJECTS: Final = frozenset(_SUBJECTS.split())
_ACRONYMS: Final = (
    "AI IT CEO CFO COO CTO EPS ETF ETFS IPO GDP FDA SEC USA US UK EU UN API PC TV EV EVS AM "
    "PM PT ET EST EDT GMT UTC OK NEW TOP BUY SELL HOLD ALL ON OR SO ARE CAN FOR BE BY GO HAS "
    "HE IS IN IF AS AT AN DO WE UP ONE TWO OUT NOW LOW HIGH BIG CASH REAL OPEN GAIN LIVE LOVE "
    "NEXT PLAY RUN SAVE TECH TRUE VERY WELL WORK YOU CPI PPI FED FOMC NYSE AMEX OTC ADR ADS "
    "ATH YTD YOY QOQ RSI MACD SMA EMA DD DRAM NAND GPU CPU RAM SSD RTX GTX LED LLC INC CORP "
    "LTD PLC CO LP REIT NAV ROI ROE ROA EBIT CAGR M&A R&D VC PE IRA ESG USD EUR GBP JPY CAD "
    "CHF IP DNA RNA HIV MD NDA BLA CRL PR HR NY LA DC CA TX FL JV RSU RSUS DJ DJI RT DM FB "
    "BTC ETH WSB YOLO DTE ITM OTM ATM IV PDT TA FA LOL IMO FYI CEOS GM SPX NDX VIX DEI CES "
    "NFL NBA NFT WEB WAR OIL GOLD GAS AAA BBB AGM CDC DOJ FTC IRS NASA WHO NATO OPEC IMF ECB "
    "BOE BOJ FAQ FREE SAFE MAIN CARE EARN FUND CIO CMO CTO CSO CLO IBD PEG ARK LNG AGI "
    "LTA IM SVP EVP DOE"
)
ACRONYMS: Final = frozenset(_ACRONYMS.split())
# What an abbreviation in brackets often stands for, by how the word before it ends.
DISEASES: Final = (
    "oma", "osis", "itis", "emia", "pathy", "disease", "syndrome", "disorder", "cancer", "therapy",
    "commission", "authority", "administration", "agency", "intelligence", "index", "bank", "act",
)  # fmt: skip
# The forms a filer's name ends in.
_FORMS: Final = (
    "inc incorporated corp corporation co company companies ltd limited plc lp llc nv sa ag se ab "
    "asa spa holdings holding group trust bancorp de new the"
)
FORMS: Final = frozenset(_FORMS.split())
# Networks that are often named as a place, not as a subject.
NETWORKS: Final = (
    "Facebook", "Twitter", "LinkedIn", "Instagram", "YouTube", "Snapchat", "Pinterest", "Reddit",
    "WhatsApp", "Spotify", "App Store", "Apple Podcasts", "Apple News", "Google",
)  # fmt: skip
