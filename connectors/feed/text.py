"""Text of feeds: what is HTML becomes text; what is not is left as it was written.

Each function takes time in proportion to its input, whatever it is given.
"""

import html
import re
from typing import Final

SPACE: Final = re.compile(r"\s+")
# Controls of a terminal (C0, DEL, C1), what turns the direction of a line, what ends one.
CONTROLS: Final = re.compile("[\x00-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]")
HALVES: Final = re.compile("[\ud800-\udfff]")
REFERENCE: Final = re.compile(
    r"&(?:#0{0,9}[0-9]{1,8}|#[xX]0{0,9}[0-9a-fA-F]{1,7}|[a-zA-Z]\w{1,31});"
)
MARKUP: Final = re.compile(
    r"<!--.*?(?:-->|\Z)"
    r"|<(?P<hidden>script|style|noscript|template)\b[^<>]*>.*?(?:</(?P=hidden)\s*>|\Z)"
    r"""|<(?P<end>/?)(?P<name>[a-z][a-z0-9:-]*)(?P<rest>(?:[\s/](?:=\s*"[^"]*"|=\s*'[^']*'|[^<>])*+)?)>"""
    r"|<!\[CDATA\[|\]\]>|<!doctype[^<>]*>|<\?xml[^<>]*>",
    re.IGNORECASE | re.DOTALL,
)
NAMES: Final = frozenset(
    """
    a abbr acronym address applet area article aside audio b base basefont bdi bdo big blink
    bgsound keygen listing multicol nextid noembed rb rtc slot sound spacer xmp
    blockquote body br button canvas caption center cite code col colgroup data datalist dd del
    details dfn dialog dir div dl dt em embed fieldset figcaption figure font footer form frame
    frameset h1 h2 h3 h4 h5 h6 head header hgroup hr html i iframe img input ins kbd label legend
    li link main map mark marquee math menu meta meter nav nobr noframes object ol optgroup option
    output p param path picture pre progress q rp rt ruby s samp section select small source span
    strike strong sub summary sup svg table tbody td textarea tfoot th thead time title tr track
    tt u ul var video wbr
    """.split()  # noqa: SIM905  # a list of a hundred words
)
# Elements that are tickers, too: in capitals, without attributes or an end, they are none.
LETTERS: Final = frozenset("ABIQSU")
VALUE: Final = re.compile("""=\\s*["']""")
ALONE: Final = frozenset(
    [
        "allowfullscreen",
        "async",
        "autoplay",
        "checked",
        "compact",
        "controls",
        "default",
        "defer",
        "disabled",
        "hidden",
        "ismap",
        "itemscope",
        "loop",
        "multiple",
        "muted",
        "nohref",
        "noshade",
        "nowrap",
        "open",
        "readonly",
        "required",
        "reversed",
        "selected",
    ]
)


def one_line(text: str, limit: int) -> str:
    """Return plain text on one line, cut to a limit of characters; nothing in it is markup.

    >>> one_line("if a <b and c> d &amp; e", 100)
    'if a <b and c> d &amp; e'
    """
    return SPACE.sub(" ", CONTROLS.sub(" ", HALVES.sub("", text))).strip()[:limit].rstrip()


def text_of_html(text: str, limit: int, *, sure: bool = False) -> str:
    """Return text without markup, on one line, cut to a limit of characters.

    Only elements that HTML has are markup: a `<` before anything else is a sign like others.
    Where it is sure that every other `<` is written as a reference, any element is markup.

    >>> text_of_html("<p>Apple &amp; <b>Pear</b> rise</p><script>x()</script>", 100)
    'Apple & Pear rise'
    >>> text_of_html("Pear <Plum, Fig> 7", 100)
    'Pear <Plum, Fig> 7'
    """
    if "<" in text:
        ended = {name.upper() for name in re.findall(r"</([A-Za-z])\s*>", text)}
        text = MARKUP.sub(lambda found: " " if sure or _is_markup(found, ended) else found[0], text)
    return one_line(unescaped(text), limit)


def unescaped(text: str) -> str:
    r"""Return text with its character references as characters; an impossible one as U+FFFD.

    One that no semicolon ends is none.

    >>> unescaped("AT&amp;T &copy &#99999999;")
    'AT&T &copy \ufffd'
    """
    return REFERENCE.sub(lambda found: html.unescape(found[0]), text)


def _is_markup(found: re.Match[str], ended: set[str]) -> bool:
    """Tell whether what looks like a tag is one.

    Args:
        found: by `MARKUP`.
        ended: letters of which the text has an end tag.
    """
    name, rest = found["name"], found["rest"]
    if name is None:
        return True  # a comment, or what a script holds
    if name.lower() not in NAMES:
        return ":" in name or ("-" in name and name.islower()) or VALUE.search(rest) is not None
    if name in LETTERS and not rest and not found["end"]:
        return name in ended
    attributes = rest.strip(" \t\r\n\f/")
    return not attributes or "=" in attributes or ALONE.issuperset(attributes.lower().split())
