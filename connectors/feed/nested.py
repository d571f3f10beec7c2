"""What an entry of a feed says of other things, taken out before the entry is read.

feedparser takes the link, title or time of an element inside an entry, such as `yandex:related` or
`activity:object`, for the entry's own.
"""

from contextlib import suppress
from typing import Final
from xml.parsers import expat

ENTRIES: Final = frozenset({"item", "entry"})
# Elements of an entry whose own elements belong to it, or are text.
_OWN: Final = "title summary content description body div author contributor source"
OWN: Final = frozenset(_OWN.split())
PREFIXES: Final = frozenset({"", "atom", "a10", "content", "media", "xhtml", "dc"})


def without_nested(body: bytes) -> bytes:
    """Return a feed whose entries' elements hold no elements of another subject.

    A feed that is not well-formed loses what was found before its error; one that declares
    entities is returned as it is.
    """
    reader = _Reader()
    with suppress(expat.ExpatError, ValueError, LookupError):
        reader.parser.Parse(body, True)
    for start, end in reversed(reader.found):
        body = body[:start] + body[end:]
    return body


class _Reader:
    """Finds the byte ranges.

    Attributes:
        found: from the first element that such an element holds to its closing tag, in order.
    """

    def __init__(self) -> None:
        self.found: list[tuple[int, int]] = []
        self._stack: list[str] = []
        self._entry = 0  # depth of the entry under way; 0 outside
        self._first = 0  # where the first element begins in the entry's element under way
        self._holds = False  # it has elements of its own
        self.parser = parser = expat.ParserCreate()
        parser.StartElementHandler = self._begin
        parser.EndElementHandler = self._end
        parser.EntityDeclHandler = self._entity

    def _begin(self, name: str, _attributes: object) -> None:
        self._stack.append(name)
        depth = len(self._stack)
        if not self._entry:
            if name.rpartition(":")[2].lower() in ENTRIES:
                self._entry = depth
        elif depth == self._entry + 1:
            self._holds = False
        elif depth == self._entry + 2 and not self._holds:
            self._first, self._holds = self.parser.CurrentByteIndex, True

    def _end(self, name: str) -> None:
        depth = len(self._stack)
        self._stack.pop()
        if depth == self._entry:
            self._entry = 0
        elif self._entry and depth == self._entry + 1 and self._holds:
            prefix, _, local = name.lower().rpartition(":")
            if not (prefix == "media" or (prefix in PREFIXES and local in OWN)):
                # What it holds goes; its own tags stay, so that no byte of markup is guessed.
                self.found.append((self._first, self.parser.CurrentByteIndex))

    def _entity(self, *_declared: object) -> None:
        self.found.clear()
        raise ValueError("entities")
