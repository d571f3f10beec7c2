"""Strong evidence for a ticker, as it is written: `$XYZ`, `(NASDAQ: XYZ)`, brackets, bare tickers.

Case matters in a ticker and not in an exchange's name: `Nasdaq: up 1 %` is prose.
"""

import re
from typing import Final

NOISE: Final = re.compile(r"https?:\S+|@\w+")
CASHTAG: Final = re.compile(
    r"(?<![\w$])\$([A-Z]{1,5})(?:[.\-/]([A-Za-z])(?!\w)|(\.[A-Z]{2}))?(?!\w)"
)
_US: Final = (
    r"(?:NASDAQ(?:[- ]?(?:GS|GM|CM))?(?: (?:Global (?:Select )?|Capital |Stock )?Market)?"
    r"|(?:the )?New York Stock Exchange|NYSE ?(?:American|Arca|MKT|National)?|AMEX"
    r"|OTC ?(?:QB|QX|MKTS|PK|Pink|Markets?)?|BATS|CBOE(?: BZX)?)"
)
_ABROAD: Final = (
    r"(?:TSX ?-?\.?V?|TSXV|LSE|LON|AIM|ASX|HKEX|SEHK|HKG|HKSE|FRA|ETR|FWB|XETRA|EPA|AMS|BME|BIT"
    r"|MIL|SWX|SIX|VTX|STO|CPH|OSL|HEL|NSE|BSE|JSE|SGX|KRX|TYO|TSE|CSE|CNSX|NEO|CVE|EURONEXT|TASE"
    r"|CRYPTO|FX|CCC)"
)
_BETWEEN: Final = r"\s*(?:/|,|;|&|and)\s*"
_TICKER: Final = r"[A-Z]{1,5}(?:[.\-/][A-Za-z])?(?![\w])"
LISTED: Final = re.compile(
    rf"\b(?i:(?:{_ABROAD}{_BETWEEN})?{_US}(?:{_BETWEEN}(?:{_US}|{_ABROAD}))*(?: ?ticker| ?symbol)?)"
    rf"\s*:\s*\$?({_TICKER}(?:\s*[,;&]\s*{_TICKER}(?!\s*:))*)"
)
ABROAD: Final = re.compile(rf"\b(?i:{_ABROAD})\s*:\s*\.?[A-Z0-9]{{1,8}}(?:[.\-][A-Z]+)?(?!\w)")
# American Express is AmEx too; in capitals, where an exchange stands, it is the exchange.
AMEX: Final = re.compile(r"\bAMEX ?:|\b(?:(?:on|the)(?: the)? |NYSE ?(?:,|/|&|and)? ?)AMEX\b")
BRACKETED: Final = re.compile(
    r"[(\[]\s*([A-Z][A-Z.\-]{0,6}(?:\s*[,/&;]\s*[A-Z][A-Z.\-]{0,6})*)\s*[)\]]"
)
_ALONE: Final = r"(?<![\w$#@&.\-:/'\u2019])"
CLASS: Final = re.compile(_ALONE + r"([A-Z]{1,5}[.\-/][A-Z])(?![\w.&/-])")
BARE: Final = re.compile(_ALONE + r"([A-Z]{2,5})(?![\w&/]|\.\w|-\w)")
STOCK: Final = re.compile(r" (?i:stock|shares)\b")
VERSUS: Final = re.compile(r"\b([A-Z]{2,5}) (?:vs|versus)\.? ([A-Z]{2,5})\b")

# Networks that articles name without being about them.
_NETWORK: Final = (
    r"(?:Facebook|Twitter|LinkedIn|Instagram|YouTube|Snapchat|Pinterest|Reddit|WhatsApp|TikTok"
    r"|Spotify|Tumblr|Telegram|Discord|Threads|Google\+|(?:Apple|Google) (?:Podcasts?|News|Play)"
    r"|iTunes|(?:Apple(?:'s)? )?App Store|StockTwits|X)"
)
_NETWORKS: Final = (
    rf"{_NETWORK}(?:(?:(?:\s*(?:[,/|&]|and\b|or\b|on\b|via\b)){{1,3}}\s*|\s+){_NETWORK})*\b"
)
_SHARE: Final = (
    r"(?:share|tweet|pin|post|posts|posted|posting|follow|follows|like|join|find|watch|subscribe"
    r"|listen|connect|see|visit|said|says|wrote|writes|announced|shared|sharing|viral|trending"
    r"|live|streamed|available|download|get|chat|message|messaged|video|us|me|it|this|account"
    r"|page|followers|print|email|E-mail)"
)
BUTTONS: Final = re.compile(
    rf"\b(?i:{_SHARE})(?: (?i:this|it|us|me|him|her|our|the|app|page|article|story|more|out"
    rf"|live|now|for free)){{0,3}}"
    rf"(?: (?i:on|to|via|at|with|in|from))?(?: the)? ?:? {_NETWORKS}"
    rf"|\b(?:(?i:an?|his|her|their|its|our|the|in|my)|[Oo]fficial|\w+['\u2019]s) {_NETWORK} "
    r"(?i:posts?|pages?|accounts?|groups?|feeds?|threads?|messages?|videos?|lives?|stor(?:y|ies)"
    r"|followers|profiles?|channels?|handles?|statements?|updates?)\b"
    rf"|(?:^|[.|] ?)(?:{_NETWORK} ?(?:[|,] ?)?){{2,}}(?:(?:{_NETWORK}|Email|E-mail|Print|Copy link)"
    r" ?(?:[|,] ?)?)+"
)
# In a text below the title: `on Facebook` is where something was said.
SAID_ON: Final = re.compile(
    rf"(?<!bullish )(?<!bearish )(?<!bet )(?<!bets )(?<!positive )(?<!negative )"
    rf"(?<!take )(?<!takes )\b(?:[Oo]n|[Vv]ia|through) {_NETWORKS}(?! (?i:stock|shares?|inc)\b)"
)


def blank(pattern: re.Pattern[str], text: str) -> str:
    """Write spaces over what a pattern finds, so that places stay what they were."""
    return pattern.sub(lambda m: " " * len(m.group()), text)
