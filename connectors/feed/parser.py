"""The parser of feeds within bounds: what no article needs is skipped, the rest is cut to size.

It is feedparser's, strict and then lenient, without what is of no use here or takes time that
grows faster than a feed: authors, categories, elements of other vocabularies with all that is in
them, its own cleaning of HTML. Nothing here depends on a clock.
"""

import io
import re
import xml.sax
from typing import Any, Final
from xml.sax.handler import feature_external_ges, feature_namespaces

from feedparser.api import LooseFeedParser, StrictFeedParser
from feedparser.encodings import convert_to_utf8
from feedparser.sanitizer import replace_doctype

MAX_ENTRIES: Final = 5_000
MAX_DEPTH: Final = 64  # elements within elements; deeper ones are no elements, only their text
MAX_FIELD: Final = 1_048_576  # characters of an entry's text
MAX_SHORT: Final = 8_192  # of a title or an address
MAX_DATE: Final = 128
FRAME: Final = frozenset(("rss", "rdf:rdf", "rdf", "channel", "feed", "item", "entry"))
ENTRY: Final = frozenset(("item", "entry"))
WRAPPERS: Final = frozenset(("media:group", "media:content"))
CAPTION: Final = "media:description"
DATES: Final = frozenset((
    "pubdate", "published", "issued", "updated", "modified", "created", "lastbuilddate",
    "dc:date", "dcterms:created", "dcterms:issued", "dcterms:modified",
))  # fmt: skip
USED: Final = DATES | frozenset((
    "title", "dc:title", "link", "guid", "id", "description", "dc:description", "abstract",
    "summary", "itunes:summary", "content", "content:encoded", "fullitem", "body", "xhtml:body",
))  # fmt: skip
LONG: Final = frozenset(("description", "summary", "content", "media_description"))
DATE_FIELDS: Final = frozenset(("published", "updated", "created"))
CHARACTER: Final = re.compile(rb"&#(x[0-9a-fA-F]+|[0-9]+);")
BAD_BYTES: Final = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f]")
NO_CHARACTER: Final = "�"
HEAD: Final = re.compile(rb"<\w")
BLANK: Final = re.compile(rb"\s*\n\s*")


class _Bounds:
    """What both parsers leave out and cut; mixed in before feedparser's own."""

    strict = True
    closed: frozenset[str] = frozenset()  # names that the lenient parser will meet the end of

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._skipped, self._within = "", 0  # an element that is left out, and such within it
        self._levels = self._deep = 0  # elements open within a text; of these, too deep ones
        self._wrapped = 0  # elements around a picture, open
        self._field = ""  # that takes text, open
        self._full = False  # there are entries enough: nothing more is taken
        self._sizes: dict[int, int] = {}  # of the open fields, by their place on the stack
        super().__init__(*args, **kwargs)
        self.resolve_relative_uris = self.sanitize_html = False

    def _sync_author_detail(self, key: str = "author") -> None:
        """Take no address out of a name: nobody asks for it."""

    def unknown_starttag(self: Any, tag: str, attrs: Any) -> None:
        """Pass an element on, or leave it out."""
        if self._full:
            return
        if self._skipped and not self._ends_skipping(tag):
            self._within += tag == self._skipped
            return
        if self.incontent:
            if self._levels >= MAX_DEPTH:
                self._deep += 1
                return
            self._levels += 1
            self._pass(tag, attrs)
            return
        name = self._name(tag, attrs)
        if not self.inentry or name in ENTRY:
            if name in FRAME:
                if name in ENTRY and len(self.entries) >= MAX_ENTRIES:
                    self._full = True
                    return
                self._wrapped, self._field = 0, ""
                self._pass(tag, attrs)
            return
        if name in WRAPPERS:
            self._wrapped += self.strict or tag in self.closed
        elif name == CAPTION or (name in USED and not self._wrapped and not self._field):
            self._levels, before = 0, len(self.elementstack)
            self._pass(tag, attrs)
            if self.strict and len(self.elementstack) > before:
                self._field = name
        elif self.strict or tag in self.closed:
            self._skipped, self._within = tag, 0

    def unknown_endtag(self: Any, tag: str) -> None:
        """End an element that was passed on."""
        if self._full:
            return
        name = self._name(tag, ())
        if self._skipped:
            if self.strict or name not in ENTRY:
                if tag == self._skipped:
                    self._skipped = self._skipped if self._within else ""
                    self._within -= 1
                return
            self._skipped = ""
        if self._deep:
            self._deep -= 1
            return
        if self.incontent:
            if self._levels:
                self._levels -= 1
        else:
            if name in WRAPPERS:
                self._wrapped = max(0, self._wrapped - 1)
                return
            if name != CAPTION and name not in USED and name not in FRAME:
                return
            if name in USED and (self._wrapped or not self.inentry):
                return
        if not self._levels or not self.incontent:
            self._field = ""
        super().unknown_endtag(tag)  # type: ignore[misc]  # of the parser it is mixed into

    def handle_data(self: Any, text: str, escape: int = 1) -> None:
        """Take text, within the bounds of its field."""
        if self._skipped or self._full or not self.elementstack:
            return
        place, name = len(self.elementstack), self.elementstack[-1][0]
        if not self.elementstack[-1][2]:
            self._sizes[place] = 0
        most = MAX_FIELD if name in LONG else MAX_DATE if name in DATE_FIELDS else MAX_SHORT
        room = most - self._sizes.get(place, 0)
        if room > 0:
            self._sizes[place] = self._sizes.get(place, 0) + len(text)
            super().handle_data(text if len(text) <= room or not escape else text[:room], escape)  # type: ignore[misc]

    def handle_charref(self: Any, ref: str) -> None:
        """Take a character by its number; an impossible one is U+FFFD."""
        if not self._skipped and not self._full:
            super().handle_charref(ref if _possible(ref) else "xfffd")  # type: ignore[misc]

    def handle_entityref(self: Any, ref: str) -> None:
        """Take a character by its name."""
        if not self._skipped and not self._full:
            super().handle_entityref(ref)  # type: ignore[misc]

    def _start_media_description(self: Any, attrs_d: dict[str, str]) -> None:
        self.push_content("media_description", attrs_d, "text/plain", 1)

    def _end_media_description(self: Any) -> None:
        self.pop_content("media_description")

    def _pass(self: Any, tag: str, attrs: Any) -> None:
        super().unknown_starttag(tag, [(k, str(v)[:MAX_SHORT]) for k, v in attrs])  # type: ignore[misc]

    def _name(self: Any, tag: str, attrs: Any) -> str:
        """Return an element's name with the prefix that is usual for its vocabulary."""
        for key, uri in attrs:
            if key == "xmlns" or key.startswith("xmlns:"):
                self.track_namespace(key[6:] or None, uri)
        prefix, colon, suffix = tag.rpartition(":")
        prefix = self.namespacemap.get(prefix, prefix) if colon else ""
        return (f"{prefix}:{suffix}" if prefix else suffix).lower()

    def _ends_skipping(self: Any, tag: str) -> bool:
        if not self.strict and self._name(tag, ()) in ENTRY:  # its end is missing
            self._skipped = ""
        return not self._skipped


class Strict(_Bounds, StrictFeedParser):  # type: ignore[misc]  # feedparser has no types
    """Of what is XML."""


class Loose(_Bounds, LooseFeedParser):  # type: ignore[misc]
    """Of what is nearly XML."""

    strict = False


def parsed(body: bytes, content_type: str, url: str) -> tuple[list[Any], str]:
    """Return a feed's entries as feedparser has them, and its kind, such as `rss20` or `atom10`.

    Args:
        body: of the answer.
        content_type: as the server says, charset included; empty without one.
        url: where it came from; relative links start there.

    Raises:
        Exception: whatever escapes feedparser.
    """
    headers = {"content-type": content_type} if content_type else {}
    found: dict[str, Any] = {}
    data = convert_to_utf8(headers, _mended(body, content_type), found)
    start = HEAD.search(data)
    head = start.start() if start else len(data)
    # Blank lines before the root would cost the square of their number.
    version, data, entities = replace_doctype(BLANK.sub(b"\n", data[:head]) + data[head:])
    if found["encoding"]:
        data = BAD_BYTES.sub(b" ", CHARACTER.sub(_character, data))
        data = data.replace(b"\xef\xbf\xbe", b"\xef\xbf\xbd").replace(
            b"\xef\xbf\xbf", b"\xef\xbf\xbd"
        )
        strict = Strict(url, None, "utf-8")
        if _read(strict, data):
            return strict.entries, version or strict.version
    text = data.decode("utf-8", "replace")
    loose = Loose(url, None, "utf-8", entities)
    loose.closed = frozenset(name.lower() for name in re.findall(r"</([^\s<>/]{1,100})", text))
    loose.feed(text)
    return loose.entries, version or loose.version


def _read(parser: Strict, data: bytes) -> bool:
    """Parse XML; returns False for what is none."""
    reader = xml.sax.make_parser()  # noqa: S317  # no doctype is left, and expat bounds itself
    reader.setFeature(feature_namespaces, True)
    reader.setFeature(feature_external_ges, False)
    reader.setContentHandler(parser)
    reader.setErrorHandler(parser)
    source = xml.sax.xmlreader.InputSource()
    source.setByteStream(io.BytesIO(data))
    try:
        reader.parse(source)
    except xml.sax.SAXException:
        return False
    return True


def _mended(body: bytes, content_type: str) -> bytes:
    """Return UTF-8 with its unreadable bytes replaced, so that they do not cost all of it."""
    head = body[:200].lower()
    declared = re.search(rb"encoding=['\"]([\w-]+)", head) or re.search(
        rb"charset=['\"]?([\w-]+)", content_type.lower().encode()
    )
    if (declared and declared[1] not in (b"utf-8", b"utf8")) or b"\x00" in head[:4]:
        return body
    try:
        body.decode()
    except UnicodeDecodeError:
        text = body.decode("utf-8", "replace")
        good = sum(c > "\x7f" and c != NO_CHARACTER for c in text)
        if good >= text.count(NO_CHARACTER):
            return text.encode()
    return body


def _possible(reference: str) -> bool:
    """Tell whether a number is that of a character that XML has."""
    digits = reference[1:] if reference[:1] in "xX" else reference
    if not digits or len(digits.lstrip("0")) > 8:
        return False
    try:
        n = int(digits, 16 if digits is not reference else 10)
    except ValueError:
        return False
    return n in (9, 10, 13) or 0x20 <= n < 0xD800 or 0xE000 <= n < 0xFFFE or 0x10000 <= n < 0x110000


def _character(found: re.Match[bytes]) -> bytes:
    return found[0] if _possible(found[1].decode()) else b"&#xfffd;"
