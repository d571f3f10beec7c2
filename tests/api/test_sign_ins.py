"""Sign-ins, links, limits, idempotency keys and cursors: their rules, one by one."""

import string
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.responses import Response

from api.access.hashing import hash_of
from api.access.idempotency import Idempotency, KeysInFile
from api.access.limits import Limits
from api.access.links import Links
from api.access.origin import Origin
from api.access.sessions import Ended, Sessions, SessionsInMemory
from api.access.tokens import session_key
from api.endpoints import ROLES, may
from api.pages import PageAsked, Place, after_of, cursor_at, cursor_of, place_of
from api.problems import BadRequest, Invalid, NotSignedIn, TooMany
from api.routes.trades import TradesAsked
from connectors.storage.pages import NEWEST, After
from tests.api.served import Clock


def test_roles_hold_what_the_weaker_ones_hold() -> None:
    found = {(role, least): may(role, least) for role in (*ROLES, "king", "") for least in ROLES}
    assert [pair for pair, good in found.items() if good] == [
        ("viewer", "viewer"), ("trader", "viewer"), ("trader", "trader"), ("owner", "viewer"),
        ("owner", "trader"), ("owner", "owner"),
    ]  # fmt: skip


def follow_the_model(
    sessions: Sessions, clock: Clock, user: str, asked: list[tuple[int, float]]
) -> None:
    """Show tokens in any order; a model of a few lines says which are good."""
    person, first = sessions.begin(user, "n", "owner")
    tokens, rotated, alive = [first], dict[str, datetime](), True
    for which, seconds in asked:
        clock.pass_(seconds=seconds)
        token = tokens[which % len(tokens)]
        good = alive and clock() - rotated.get(token, clock()) < timedelta(seconds=10)
        if good:
            again, following = sessions.rotate(token)
            assert (again.id, again.session) == (person.id, person.session)
            tokens.append(following)
            rotated.setdefault(token, clock())
        else:
            with pytest.raises(NotSignedIn):
                sessions.rotate(token)
            alive = False
        assert bool(sessions.alive({person.session})) == alive
        assert sessions.is_over(person.session) == (not alive)
    assert len(set(tokens)) == len(tokens)


@given(st.lists(st.tuples(st.integers(0, 5), st.floats(0, 30)), max_size=12))
def test_whatever_is_shown_when_a_sign_in_has_one_story(asked: list[tuple[int, float]]) -> None:
    clock = Clock()
    follow_the_model(SessionsInMemory(clock), clock, "u", asked)


def test_refresh_tokens_that_have_expired_are_forgotten() -> None:
    clock = Clock()
    sessions = SessionsInMemory(clock)
    for _ in range(5):
        sessions.begin("u", "n", "owner")
        clock.pass_(days=3)
    assert len(sessions._tokens) == 3


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 90)), max_size=20))
def test_a_sign_in_ends_a_week_after_its_last_refresh_and_is_forgotten(
    steps: list[tuple[bool, int]],
) -> None:
    clock = Clock()
    sessions = SessionsInMemory(clock)
    person, token = sessions.begin("u", "n", "owner")
    ends, begun = clock() + timedelta(days=7), {person.session: clock() + timedelta(days=7)}
    for refreshes, hours in steps:
        clock.pass_(hours=hours)
        if refreshes and clock() < ends:
            _, token = sessions.rotate(token)
            ends = begun[person.session] = clock() + timedelta(days=7)
        else:
            begun[sessions.begin("u", "n", "owner")[0].session] = clock() + timedelta(days=7)
        left = {session for session, end in begun.items() if end > clock()}
        assert sessions.alive(begun) == left == set(sessions._ends)
        assert {s for s in begun if not sessions.is_over(s)} == left


def test_sign_ins_that_ended_are_kept_while_their_access_tokens_last() -> None:
    clock = Clock()
    ended = Ended(clock)
    for n in range(4):
        ended.add(f"ses-{n % 3}")
        clock.pass_(minutes=8)
    assert [f"ses-{n}" in ended for n in range(4)] == [True, False, True, False]


def test_one_sign_in_s_end_is_not_the_others() -> None:
    sessions = SessionsInMemory(Clock())
    (one, token), (other, _) = sessions.begin("u", "n", "owner"), sessions.begin("u", "n", "owner")
    assert one.session != other.session
    assert sessions.end(token) == one.session
    assert not sessions.alive({one.session})
    assert sessions.alive({other.session})
    assert sessions.end("unknown") is None


def test_links_are_kept_as_hashes_that_only_their_owner_reads(tmp_path: Path) -> None:
    links = Links(tmp_path / "links", Clock())
    token = links.give()
    [file] = (tmp_path / "links").iterdir()
    assert token not in file.name + file.read_text()
    assert file.stat().st_mode & 0o777 == 0o600
    assert file.parent.stat().st_mode & 0o777 == 0o700
    assert links.take(token)
    assert not links.take(token)
    assert list((tmp_path / "links").iterdir()) == []
    assert not Links(tmp_path / "nowhere", Clock()).take("x")


def test_links_that_are_too_old_are_forgotten(tmp_path: Path) -> None:
    clock = Clock()
    links = Links(tmp_path / "links", clock)
    old = links.give()
    clock.pass_(minutes=59)
    young = links.give()
    assert links.holds(old)
    clock.pass_(minutes=1)
    links.give()
    assert len(list((tmp_path / "links").iterdir())) == 2
    assert not links.holds(old)
    assert links.holds(young)


def test_files_that_are_no_links_let_nobody_in(tmp_path: Path) -> None:
    links = Links(tmp_path / "links", Clock())
    links.give()
    for token, content in (("naive", b"2090-01-01T00:00:00"), ("bytes", b"\xff\xfe"), ("", b"")):
        (tmp_path / "links" / hash_of(token)).write_bytes(content)
        assert not links.holds(token)
        assert not links.take(token)
    (tmp_path / "links" / hash_of("folder")).mkdir()
    assert not links.take("folder")
    assert links.take(links.give())


def test_a_limit_counts_each_caller_and_endpoint_by_itself() -> None:
    limits = Limits()
    for _ in range(3):
        limits.take("halt", "me", 3)
    with pytest.raises(TooMany, match="try again in"):
        limits.take("halt", "me", 3)
    limits.take("halt", "you", 3)
    limits.take("pause", "me", 3)


def keep_keys(keys: Idempotency, clock: Clock, me: str, you: str) -> None:
    """Hold any keeper of keys to the rules."""
    first = keys.id_of("cmd", "run", me, "/halt", "k", "{}")
    assert keys.id_of("cmd", "run", me, "/halt", "k", "{}") == first
    others = {
        keys.id_of("cmd", "run", you, "/halt", "k", "{}"),
        keys.id_of("cmd", "run", me, "/pause", "k", "{}"),
        keys.id_of("cmd", "run", me, "/halt", "l", "{}"),
        keys.id_of("cmd", "other", me, "/halt", "k", "{}"),
        keys.id_of("job", "run", me, "/halt", "k", "{}"),
    }
    assert len(others) == 5
    assert first not in others
    with pytest.raises(Invalid, match="another body"):
        keys.id_of("cmd", "run", me, "/halt", "k", '{"why": "x"}')
    clock.pass_(days=1)
    # The key is forgotten; the command's id is the same, and is let in once all the same.
    assert keys.id_of("cmd", "run", me, "/halt", "k", '{"why": "x"}') == first
    with pytest.raises(Invalid, match="another body"):
        keys.id_of("cmd", "run", me, "/halt", "k", "{}")
    for bad in ("", "x" * 129):
        with pytest.raises(BadRequest):
            keys.id_of("cmd", "run", me, "/halt", bad, "{}")


def test_a_key_is_one_request_for_a_day(tmp_path: Path) -> None:
    clock = Clock()
    keep_keys(KeysInFile(tmp_path / "keys", clock), clock, "me", "you")


def test_a_key_outlives_the_process(tmp_path: Path) -> None:
    clock, file = Clock(), tmp_path / "keys"
    asked = ("cmd", "run", "me", "/close-position", "k")
    first = KeysInFile(file, clock).id_of(*asked, '{"ticker":"AAPL"}')
    assert file.stat().st_mode & 0o777 == 0o600
    with file.open("ab") as out:
        out.write(b'{"person": "me", "key"')  # the process ended while it wrote
    again = KeysInFile(file, clock)
    assert again.id_of(*asked, '{"ticker":"AAPL"}') == first
    with pytest.raises(Invalid, match="choose a new one"):
        again.id_of(*asked, '{"ticker":"MSFT"}')
    clock.pass_(days=1)
    assert KeysInFile(file, clock).id_of(*asked, '{"ticker":"MSFT"}') == first


@pytest.mark.parametrize(
    "line",
    [
        b'{"person": "\xff"}',
        b'{"x": ' + b"[" * 5_000,
        b'{"person": "me", "key": "k", "told": "", "until": "2999-01-01T00:00:00"}',
    ],
)
def test_a_damaged_line_is_no_key(tmp_path: Path, line: bytes) -> None:
    clock, file = Clock(), tmp_path / "keys"
    first = KeysInFile(file, clock).id_of("cmd", "run", "me", "/halt", "k", "{}")
    file.write_bytes(line + b"\n" + file.read_bytes())
    again = KeysInFile(file, clock)
    assert again.id_of("cmd", "run", "me", "/halt", "k", "{}") == first
    with pytest.raises(Invalid):
        again.id_of("cmd", "run", "me", "/halt", "k", '{"why": "x"}')


def test_a_full_disk_keeps_a_key_as_long_as_the_process(tmp_path: Path) -> None:
    keys = KeysInFile(tmp_path, Clock())  # a directory takes no line
    keys.id_of("cmd", "run", "me", "/halt", "k", "{}")
    with pytest.raises(Invalid):
        keys.id_of("cmd", "run", "me", "/halt", "k", '{"why": "x"}')


@given(
    st.integers(0, 2**62), st.text(string.printable, min_size=1).filter(lambda t: "\x00" not in t)
)
def test_a_cursor_leads_to_the_row_it_is_of(stamp: int, id_: str) -> None:
    row = {"stamp": stamp, "id": id_}
    cursor = cursor_of([row], PageAsked(limit=1), "trades")
    assert cursor is not None
    asked = PageAsked.model_construct(cursor=cursor, limit=7)
    assert after_of(asked, "trades") == After(stamp, id_)
    assert cursor_of([row], PageAsked(limit=2), "trades") is None
    assert after_of(PageAsked(), "trades") == NEWEST


FILTERS = st.fixed_dictionaries(
    {}, optional={"ticker": st.sampled_from(["AAA", "BBB"]), "profitable": st.booleans(),
                  "since": st.just(datetime(2026, 5, 4, tzinfo=UTC))},
)  # fmt: skip
LISTS = st.tuples(st.sampled_from(["trades", "backtest job-1 trades", "signals"]), FILTERS)


@given(LISTS, LISTS, st.integers(1, 500), st.sampled_from(["json", "csv"]))
def test_a_list_takes_its_own_cursors_alone(
    given_by: tuple[str, dict[str, Any]], taken_by: tuple[str, dict[str, Any]], limit: int,
    written: Any,
) -> None:  # fmt: skip
    """How much is asked for, and how it is written, may change from page to page."""
    (name, filters), (other, others) = given_by, taken_by
    cursor = cursor_of([{"stamp": 5, "id": "x"}], TradesAsked(limit=1, **filters), name)
    asked = TradesAsked(cursor=cursor or "", limit=limit, format=written, **others)
    if given_by == taken_by:
        assert after_of(asked, other) == After(5, "x")
    else:
        with pytest.raises(Invalid, match=r"CURSOR_INVALID: .* with the filters of that page"):
            after_of(asked, other)


@given(st.integers(0, 2**62), st.integers(0, 2**62))
def test_a_cursor_keeps_the_stamp_that_its_list_looks_before(stamp: int, before: int) -> None:
    place = Place(After(stamp, "x"), before)
    cursor = cursor_at(place, PageAsked(), "decisions")
    assert place_of(PageAsked(cursor=cursor), "decisions") == place


@given(st.text(max_size=80))
def test_no_text_makes_a_cursor_by_chance_or_a_fault(text: str) -> None:
    try:
        found = after_of(PageAsked.model_construct(cursor=text, limit=5), "trades")
    except Invalid:
        return
    assert isinstance(found.stamp, int)
    assert isinstance(found.id, str)


def test_an_origin_s_hosts_and_cookie() -> None:
    home = Origin("http://localhost:8420", 8420, "c")
    assert home.hosts == {"localhost:8420", "127.0.0.1:8420", "[::1]:8420"}
    proxied = Origin("https://tide.example", 8420, "c")
    assert "tide.example" in proxied.hosts
    response = Response()
    proxied.keep(response, "t")
    assert "Secure" in response.headers["set-cookie"]


def test_a_key_is_made_once_and_a_short_one_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "api" / "session.key"
    key = session_key(file)
    assert len(key) >= 32
    assert session_key(file) == key
    assert file.stat().st_mode & 0o777 == 0o600
    file.write_bytes(b"short")
    with pytest.raises(ValueError, match="delete it"):
        session_key(file)
