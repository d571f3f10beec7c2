"""What is taken of a feed and what is left out: bounds, foreign elements, values that are bad."""

import time
from collections.abc import Callable
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any

import pytest

from connectors.feed.fetching import Fetched
from connectors.feed.parser import MAX_DEPTH, MAX_ENTRIES
from connectors.feed.rss import rows_of

AT = datetime(2026, 11, 25, 12, tzinfo=UTC)
SPACES = (
    "xmlns:media='http://search.yahoo.com/mrss/' xmlns:dc='http://purl.org/dc/elements/1.1/' "
    "xmlns:content='http://purl.org/rss/1.0/modules/content/' xmlns:rel='http://related.test/ns'"
)
MANY = 50_000


def rows(body: bytes | str, content_type: str = "application/xml") -> list[dict[str, Any]]:
    data = body if isinstance(body, bytes) else body.encode()
    fetched = Fetched(data, True, content_type, "https://x.test/feed", MappingProxyType({}))
    return list(rows_of(fetched, "s", AT))


def rss(*items: str, head: str = "") -> str:
    inside = "".join(f"<item>{item}</item>" for item in items)
    return f"<rss version='2.0' {SPACES}><channel>{head}{inside}</channel></rss>"


def loosely(body: str) -> str:
    """Return a feed that is no XML, as one reference is unknown to it."""
    return body.replace("</channel>", "<note>&nosuch;</note></channel>")


FORMS = pytest.mark.parametrize("form", [str, loosely])


@FORMS
@pytest.mark.parametrize(
    "foreign",
    [
        "<rel:story><link>https://x.test/other</link><title>Other</title></rel:story>",
        "<rel:story><rel:in><link href='https://x.test/other'/></rel:in></rel:story>",
        "<author><link>https://x.test/other</link><description>Other</description></author>",
        "<source url='https://y.test'><title>Other</title><link>https://x.test/other</link></source>",
        "<media:content><media:title>Other</media:title><link>https://x.test/o</link></media:content>",
        "<image><title>Other</title><link>https://x.test/other</link></image>",
    ],
)
def test_what_is_within_a_foreign_element_is_not_the_entrys(
    form: Callable[[str], str], foreign: str
) -> None:
    own = "<title>Mine</title><link>https://x.test/mine</link><description>Text</description>"
    for item in (own + foreign, foreign + own):
        [row] = rows(form(rss(item)))
        assert (row["url"], row["title"], row["content"]) == ("https://x.test/mine", "Mine", "Text")


@FORMS
def test_a_pictures_words_are_the_text_only_where_there_is_no_other(
    form: Callable[[str], str],
) -> None:
    picture = (
        "<media:group><media:content url='https://x.test/p.png'><media:description>A harbour"
        "</media:description></media:content></media:group>"
    )
    for item in (f"<description>Cargo rose</description>{picture}",
                 f"{picture}<description>Cargo rose</description>",
                 f"<content:encoded>Cargo rose</content:encoded>{picture}"):  # fmt: skip
        assert rows(form(rss(f"<title>Ports</title>{item}")))[0]["content"] == "Cargo rose"
    assert rows(form(rss(f"<title>Ports</title>{picture}")))[0]["content"] == "A harbour"


def test_an_element_that_is_never_closed_swallows_nothing() -> None:
    item = "<media:thumbnail url='https://x.test/p.png'><title>A &nosuch; b</title><note>x</note>"
    assert rows(rss(item, "<title>Next</title>"))[0]["title"] == "Next"
    assert rows(rss(item))[0]["title"].startswith("A ")


@pytest.mark.parametrize(
    ("bad", "good"),
    [
        ("&#1114113;", "�"), ("&#xD801;", "�"), ("&#57344;", "\ue000"), ("&#0;", "�"),
        ("&#x1F;", "�"), ("&#xFFFF;", "�"), ("&#99999999999999999999;", "�"),
        ("&#" + "9" * 5_000 + ";", "�"), ("\x0b", ""), ("\x00", ""), ("\uffff", "�"),
        ("&amp;#1114113;", "�"), ("&amp;#" + "9" * 5_000 + ";", "&#" + "9" * 1_500),
    ],
)  # fmt: skip
@FORMS
def test_an_impossible_character_costs_that_character(
    form: Callable[[str], str], bad: str, good: str
) -> None:
    found = rows(form(rss(f"<title>Cut {bad} here</title>", "<title>Whole</title>")))
    assert found[0]["title"] == "Whole"
    assert found[1]["title"].startswith(f"Cut {good}".rstrip())


def test_an_unreadable_byte_costs_that_byte() -> None:
    body = rss("<title>Zürich, Köln, X</title>").encode().replace(b"X", b"\xff")
    assert rows(body)[0]["title"] == "Zürich, Köln, �"
    assert rows(body, "text/xml; charset=utf-8")[0]["title"] == "Zürich, Köln, �"
    latin = rss("<title>Zürich</title>").encode("latin-1")
    assert rows(latin)[0]["title"] == "Zürich"


@pytest.mark.parametrize(
    "item",
    [
        f"<author>q@{'q.' * MANY}!</author>",
        f"<dc:creator>q@{'q.' * MANY}!</dc:creator>",
        "<b>" * MANY + "</b>" * MANY,
        f"<description>{'<div>' * MANY}{'</div>' * MANY}</description>",
        f"<description>{'&lt;div&gt;' * MANY}</description>",
        f"<description>{'&lt;script ' * MANY}</description>",
        f"<description>{'&lt;!--' * MANY}</description>",
        f"<description>{'&lt;i x=&quot;' * MANY}</description>",
        f"<category>{'</category><category>'.join(map(str, range(MANY)))}</category>",
        f"<pubDate>{'1:' * MANY}</pubDate>",
    ],
    ids=range(10),
)
@pytest.mark.parametrize("form", [str, loosely])
def test_crafted_entries_cost_what_their_size_costs(form: Callable[[str], str], item: str) -> None:
    """Before, each of these took from many seconds to minutes of the processor."""
    began = time.process_time()
    assert rows(form(rss(f"<title>t</title>{item}")))[-1]["title"] == "t"
    assert time.process_time() - began < 10


def test_a_channels_authors_and_blank_lines_cost_nothing_either() -> None:
    began = time.process_time()
    head = f"<managingEditor>q@{'q.' * MANY}!</managingEditor>" + "<category>x</category>" * MANY
    assert rows("\n" * MANY + rss("<title>t</title>", head=head))[0]["title"] == "t"
    assert time.process_time() - began < 10


def test_the_first_entries_of_too_many_are_read() -> None:
    for form in (str, loosely):
        found = rows(form(rss(*(f"<title>{n}</title>" for n in range(MAX_ENTRIES + 3)))))
        assert len(found) == MAX_ENTRIES
        assert found[-1]["title"] == "0"


def test_elements_too_deep_are_their_text() -> None:
    deep = MAX_DEPTH * 2
    inside = "<p>" * deep + "far down" + "</p>" * deep + " and up"
    body = (
        "<feed xmlns='http://www.w3.org/2005/Atom'><entry><title>t</title>"
        f"<content type='xhtml'><div xmlns='http://www.w3.org/1999/xhtml'>{inside}</div></content>"
        "<updated>2026-11-20T00:00:00Z</updated></entry></feed>"
    )
    [row] = rows(body)
    assert row["content"] == "far down and up"
    assert row["published_at"] == datetime(2026, 11, 20, tzinfo=UTC)


def test_atom_says_what_is_html() -> None:
    body = (
        "<feed xmlns='http://www.w3.org/2005/Atom'><entry><title>The &lt;b&gt; element</title>"
        "<summary type='html'>a &lt;b&gt;bold&lt;/b&gt; plan</summary></entry></feed>"
    )
    assert (rows(body)[0]["title"], rows(body)[0]["content"]) == ("The <b> element", "a bold plan")
