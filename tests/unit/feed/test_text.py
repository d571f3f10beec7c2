"""Markup and text: what HTML has is taken out, every other sign is left."""

import pytest

from connectors.feed.text import one_line, text_of_html, unescaped


@pytest.mark.parametrize(
    "text",
    [
        "$ORCL <SAP, so far", "cash <debt and falling", "<ORCL.N> up 3%", "x<y and y>x", "a <3 b",
        "buy <ORCL> now", "<A> and <B> lead", "if p <q and r> s", "</unknown>", "1 << 2",
        "a < b > c",
        "R&D at AT&T, &copy that", "tail <", "<", "<>", "&;", "&#;", "a <-b",
    ],
)  # fmt: skip
def test_signs_that_are_no_markup_stay(text: str) -> None:
    assert text_of_html(text, 100) == text


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<A HREF=x>one</A>two", "one two"), ("<B>bold</B>", "bold"), ("<p\nclass='x>y'>z", "z"),
        ("<input disabled>x", "x"), ("<o:p>x</o:p>", "x"), ("<my-part>x</my-part>", "x"),
        ("<unknown a='b'>x", "x"), ("<img src=a.png alt=\"1 > 0\"/>x", "x"),
        ("<a data-c='#123''>follow</a> me", "follow me"), ("x<br/>y<hr>z", "x y z"),
        ("<script>if (a<b) {}</script >x", "x"), ("<!-- <b> -->x", "x"), ("<![CDATA[x]]>", "x"),
        ("a &lt;b&gt; c", "a <b> c"), ("&#128;5 &#1114112; &#xD800;", "€5 � �"),
    ],
)  # fmt: skip
def test_markup_is_taken_out(html: str, text: str) -> None:
    assert text_of_html(html, 100) == text


@pytest.mark.parametrize(
    "control", ["\x1b", "\x7f", "\x85", "\x9b", "\u200f", "\u202e", "\u2028", "\u2066", "\u2069"]
)
def test_nothing_that_moves_a_terminal_stays(control: str) -> None:
    assert one_line(f"a{control}b", 10) == "a b"
    assert text_of_html(f"a&#{ord(control)};b", 10).isprintable()
    assert text_of_html(f"<p>a{control}b</p>", 10) == "a b"


def test_where_it_is_sure_any_element_is_markup() -> None:
    assert text_of_html("<circle>round</circle> &lt;AMD", 100, sure=True) == "round <AMD"


def test_references_need_their_semicolon() -> None:
    assert unescaped("&lt &lt; &nosuch; &#x41;") == "&lt < &nosuch; A"
