"""What somebody who should not get in tries, and what they get."""

import json
import socket
from typing import Any
from urllib.parse import quote

import httpx
import jwt
import pytest

from api.access.person import Person
from api.access.tokens import ALGORITHM, ISSUER
from api.app import ENDPOINTS
from api.endpoints import ROLES, Endpoint
from tests.api.served import KEY, Served

pytestmark = [pytest.mark.kafka, pytest.mark.postgres, pytest.mark.timeout(300)]
CLOSED = [e for e in ENDPOINTS if e.role is not None]
LETS_IN = {
    "/auth/link", "/auth/refresh", "/auth/register/begin", "/auth/register/complete",
    "/auth/login/begin", "/auth/login/complete",
}  # fmt: skip
OPEN = {"/health", "/ready", "/auth/logout"} | LETS_IN


def ask(web: Served, endpoint: Endpoint, headers: dict[str, str], **more: Any) -> httpx.Response:
    path = endpoint.path.replace("{id}", "momentum").replace("{ticker}", "AAPL")
    body: dict[str, Any] = {"json": {}} if endpoint.body is not None else {}
    return web.client.request(endpoint.method, path, headers=headers, **{**body, **more})


def problem(answer: httpx.Response) -> tuple[int, str]:
    assert answer.headers["content-type"] == "application/problem+json", answer.text
    body = answer.json()
    assert body["status"] == answer.status_code
    assert body["request_id"] == answer.headers["x-request-id"]
    assert body["type"] == "urn:tidewire:" + body["code"].lower().replace("_", "-")
    return answer.status_code, body["code"]


def as_cookie(kept: dict[str, str]) -> dict[str, str]:
    return {"Cookie": "; ".join(f"{name}={value}" for name, value in kept.items())}


def claims(web: Served, **changes: Any) -> dict[str, Any]:
    now = web.clock().timestamp()
    person, _ = web.api.access.sessions.begin("u", "n", "owner")
    return {
        "iss": ISSUER, "aud": f"run:{web.api.run.run_id}", "iat": now, "exp": now + 900,
        "sub": "u", "sid": person.session, "name": "n", "role": "owner", **changes,
    }  # fmt: skip


def test_every_route_is_closed_but_for_those_that_let_people_in() -> None:
    assert {e.path for e in ENDPOINTS if e.role is None} == OPEN


@pytest.mark.parametrize("endpoint", CLOSED, ids=lambda e: e.name)
def test_no_route_answers_without_a_good_token(web: Served, endpoint: Endpoint) -> None:
    assert problem(ask(web, endpoint, {})) == (401, "NOT_SIGNED_IN")
    basic = {"Authorization": "Basic dXNlcjpwYXNz"}
    assert problem(ask(web, endpoint, basic)) == (401, "NOT_SIGNED_IN")
    forged = {"Authorization": "Bearer " + jwt.encode(claims(web), b"x" * 32, ALGORITHM)}
    assert problem(ask(web, endpoint, forged)) == (401, "TOKEN_INVALID")
    token = web.bearer()
    web.clock.pass_(minutes=15)
    assert problem(ask(web, endpoint, token)) == (401, "TOKEN_EXPIRED")


@pytest.mark.parametrize("endpoint", [e for e in CLOSED if e.role != "viewer"],
                         ids=lambda e: e.name)  # fmt: skip
def test_no_route_answers_a_role_that_is_too_weak(web: Served, endpoint: Endpoint) -> None:
    for role in ROLES[: ROLES.index(endpoint.role or "viewer")]:
        weak = web.bearer(role)
        assert problem(ask(web, endpoint, weak)) == (403, "ROLE_TOO_WEAK")
    assert problem(ask(web, endpoint, web.bearer("king"))) == (403, "ROLE_TOO_WEAK")


@pytest.mark.parametrize("endpoint", [e for e in CLOSED if e.session], ids=lambda e: e.name)
def test_what_moves_money_looks_the_sign_in_up(web: Served, endpoint: Endpoint) -> None:
    gone = {"Authorization": f"Bearer {jwt.encode(claims(web, sid='ses-0'), KEY, ALGORITHM)}"}
    assert problem(ask(web, endpoint, gone)) == (401, "SESSION_ENDED")


@pytest.mark.parametrize(
    ("changes", "key", "algorithm"),
    [
        ({"aud": "run:another"}, KEY, "HS256"),
        ({"aud": ["run:another"]}, KEY, "HS256"),
        ({"iss": "somebody"}, KEY, "HS256"),
        ({"exp": None}, KEY, "HS256"),
        ({"exp": "never"}, KEY, "HS256"),
        ({"sub": None}, KEY, "HS256"),
        ({}, KEY + KEY, "HS512"),
        ({}, None, "none"),
    ],
)
def test_tokens_of_others(web: Served, changes: dict[str, Any], key: Any, algorithm: str) -> None:
    plain = {k: v for k, v in claims(web, **changes).items() if v is not None}
    token = jwt.encode(plain, key, algorithm)
    answer = web.client.get("/auth/me", headers={"Authorization": f"Bearer {token}"})
    assert problem(answer) == (401, "TOKEN_INVALID")


@pytest.mark.parametrize("token", ["x", "a.b.c", "ey" + "A" * 9_000, "\u00e9"])
def test_tokens_that_are_none(web: Served, token: str) -> None:
    header = f"Bearer {token}".encode("latin-1")
    answer = web.client.get("/auth/me", headers=[(b"Authorization", header)])
    assert answer.status_code == 401


@pytest.mark.parametrize("host", ["evil.example", "localhost:1", "localhost", "", "127.0.0.1"])
def test_other_hosts_are_refused(web: Served, host: str) -> None:
    """A page elsewhere may give our address a name of its own (DNS rebinding)."""
    answer = web.client.get("/health", headers={"Host": host})
    assert problem(answer) == (421, "WRONG_HOST")
    forwarded = web.client.get("/health", headers={"Host": host, "X-Forwarded-Host": "localhost"})
    assert forwarded.status_code == 421


def test_both_loopbacks_answer_under_our_names(web: Served) -> None:
    for host in ("localhost", "127.0.0.1"):
        assert httpx.get(f"http://{host}:{web.origin.port}/health").status_code == 200
    with socket.create_connection(("::1", web.origin.port)) as six:
        six.sendall(f"GET /health HTTP/1.0\r\nHost: [::1]:{web.origin.port}\r\n\r\n".encode())
        assert b"200" in six.recv(100)


@pytest.mark.parametrize("path", ["/auth/link", "/auth/refresh", "/auth/logout"])
@pytest.mark.parametrize(
    "headers",
    [
        {}, {"X-Tidewire": "1"}, {"Origin": "http://evil.example", "X-Tidewire": "1"},
        {"Origin": "null", "X-Tidewire": "1"}, {"Origin": "http://127.0.0.1", "X-Tidewire": "1"},
    ],
)  # fmt: skip
def test_no_foreign_page_signs_anybody_in_or_out(
    web: Served, path: str, headers: dict[str, str]
) -> None:
    token = web.api.access.links.give()
    body = {"token": token} if path == "/auth/link" else {}
    answer = web.client.post(path, json=body, headers=headers)
    assert problem(answer) == (403, "FOREIGN_PAGE")
    assert "set-cookie" not in answer.headers
    assert web.api.access.links.take(token), "it was not used up"
    own = {"Origin": web.origin.public}
    assert problem(web.client.post(path, json=body, headers=own)) == (403, "FOREIGN_PAGE")


def test_a_link_signs_in_once_and_within_the_hour(web: Served) -> None:
    links = web.api.access.links
    link = links.give()
    first = web.client.post("/auth/link", json={"token": link}, headers=web.ours)
    assert first.status_code == 200
    cookie = first.headers["set-cookie"]
    for word in ("HttpOnly", "SameSite=strict", "Path=/auth", "Max-Age=604800"):
        assert word in cookie
    assert "Secure" not in cookie, "over http"
    again = web.client.post("/auth/link", json={"token": link}, headers=web.ours)
    assert problem(again) == (401, "LINK_USED")
    old = links.give()
    web.clock.pass_(hours=1)
    assert problem(
        web.client.post("/auth/link", json={"token": old}, headers=web.ours)
    ) == (401, "LINK_USED")  # fmt: skip
    for bad in ("", "../../run.json", "x" * 10_000):
        answer = web.client.post("/auth/link", json={"token": bad}, headers=web.ours)
        assert answer.status_code == 401, bad


def test_a_refresh_token_is_good_once_and_for_a_moment_in_a_second_tab(web: Served) -> None:
    web.sign_in()
    first = dict(web.client.cookies)
    assert web.client.post("/auth/refresh", json={}, headers=web.ours).status_code == 200
    second = dict(web.client.cookies)
    assert first != second
    web.clock.pass_(seconds=9.9)
    web.client.cookies.clear()
    tab = web.client.post("/auth/refresh", json={}, headers={**web.ours, **as_cookie(first)})
    assert tab.status_code == 200
    token = {"Authorization": f"Bearer {tab.json()['access_token']}"}
    assert web.client.get("/auth/me", headers=token).status_code == 200
    # Ten seconds later somebody shows the first one again: it was stolen, nobody stays.
    web.clock.pass_(seconds=0.2)
    web.client.cookies.clear()
    stolen = web.client.post("/auth/refresh", json={}, headers={**web.ours, **as_cookie(first)})
    assert problem(stolen) == (401, "REFRESH_REFUSED")
    web.client.cookies.clear()
    owner = web.client.post("/auth/refresh", json={}, headers={**web.ours, **as_cookie(second)})
    assert problem(owner) == (401, "REFRESH_REFUSED")
    assert problem(web.client.get("/auth/me", headers=token)) == (401, "SESSION_ENDED")


def test_a_sign_in_lasts_a_week_without_use(web: Served) -> None:
    web.sign_in()
    web.clock.pass_(days=6.9)
    assert web.client.post("/auth/refresh", json={}, headers=web.ours).status_code == 200
    web.clock.pass_(days=7)
    answer = web.client.post("/auth/refresh", json={}, headers=web.ours)
    assert problem(answer) == (401, "REFRESH_REFUSED")


def test_a_token_of_a_demo_s_earlier_process_reads_nothing(web: Served) -> None:
    """Its key outlives the process, its sign-ins do not."""
    person = Person("u", "n", "owner", "ses-of-the-process-before")
    token = {"Authorization": f"Bearer {web.api.access.tokens.of(person)}"}
    for path in ("/api/portfolio", "/api/system"):
        assert problem(web.client.get(path, headers=token)) == (401, "SESSION_ENDED")


def test_logout_ends_the_sign_in_and_takes_the_cookie(web: Served) -> None:
    token = {"Authorization": f"Bearer {web.sign_in()['access_token']}"}
    kept = dict(web.client.cookies)
    assert web.client.get("/auth/me", headers=token).json()["role"] == "owner"
    assert web.client.get("/api/portfolio", headers=token).status_code == 200
    answer = web.client.post("/auth/logout", json={}, headers=web.ours)
    assert (answer.status_code, answer.content) == (204, b"")
    assert 'tidewire_test=""' in answer.headers["set-cookie"]
    for path in ("/auth/me", "/api/portfolio", "/api/news"):
        assert problem(web.client.get(path, headers=token)) == (401, "SESSION_ENDED")
    back = web.client.post("/auth/refresh", json={}, headers={**web.ours, **as_cookie(kept)})
    assert problem(back) == (401, "REFRESH_REFUSED")


@pytest.mark.parametrize(
    ("content", "media", "expected"),
    [
        (b"{", "application/json", (400, "NOT_JSON")),
        (b"[" * 60_000, "application/json", (400, "NOT_JSON")),
        (b"[]", "application/json", (422, "NOT_ALLOWED")),
        (b"null", "application/json", (422, "NOT_ALLOWED")),
        (b'{"token": "\\ud800"}', "application/json", (422, "NOT_ALLOWED")),
        (b'{"token": "\\u0000"}', "application/json", (422, "NOT_ALLOWED")),
        (b'{"token": 1}', "application/json", (422, "NOT_ALLOWED")),
        (b'{"token": "x", "more": 1}', "application/json", (422, "NOT_ALLOWED")),
        (b"token=x", "application/x-www-form-urlencoded", (415, "NOT_JSON")),
        (b'{"token": "x"}', "text/plain", (415, "NOT_JSON")),
        (b'"' + b"x" * 70_000 + b'"', "application/json", (413, "BODY_TOO_LARGE")),
        (b" " * 10_000_000, "application/json", (413, "BODY_TOO_LARGE")),
    ],
    ids=range(12),
)
def test_bodies_that_are_none(
    web: Served, content: bytes, media: str, expected: tuple[int, str]
) -> None:
    headers = {**web.ours, "Content-Type": media}
    assert problem(web.client.post("/auth/link", content=content, headers=headers)) == expected


INJECTIONS = ["' OR 1=1 --", "%(id)s", "x' UNION SELECT 1", "\x00", "../..", "{{7*7}}", "é" * 500]


@pytest.mark.parametrize("text", INJECTIONS)
def test_injections_find_nothing_and_break_nothing(web: Served, text: str) -> None:
    for path in ("/api/trades", "/api/decisions", "/api/news", "/api/strategies"):
        found = web.get(f"{path}/{quote(text, safe='')}")
        assert found.status_code in (404, 405, 422), (path, found.text)
    for path, name in (("/api/trades", "ticker"), ("/api/trades", "strategy"),
                       ("/api/trades", "cursor"), ("/api/news", "source")):  # fmt: skip
        answer = web.get(path, params={name: text})
        assert answer.status_code in (200, 422), answer.text
        if answer.status_code == 200:
            assert (answer.json().get("trades") or answer.json().get("articles") or []) == []


@pytest.mark.parametrize("name", ["since", "until"])
@pytest.mark.parametrize("path", ["/api/trades", "/api/signals", "/api/bars"])
@pytest.mark.parametrize(
    "moment",
    ["0001-01-01T00:00:00Z", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "1e400",
     "99999999999999999", "-1"],
)  # fmt: skip
def test_times_at_the_ends_of_the_calendar(web: Served, path: str, name: str, moment: str) -> None:
    answer = web.get(path, params={name: moment, **({"ticker": "AAPL"} if "bars" in path else {})})
    assert answer.status_code in (200, 422), answer.text


@pytest.mark.parametrize(
    ("path", "params"),
    [
        ("/api/trades", {"limit": "0"}), ("/api/trades", {"limit": "501"}),
        ("/api/trades", {"limit": "x"}), ("/api/trades", {"since": "yesterday"}),
        ("/api/trades", {"since": "2025-03-12T00:00:00"}), ("/api/trades", {"file": "/etc/passwd"}),
        ("/api/trades", [("ticker", "A"), ("ticker", "B")]), ("/api/trades", {"cursor": "e30"}),
        ("/api/trades", {"cursor": "WzEsMl0"}), ("/api/trades", {"cursor": "!"}),
        ("/api/signals", {"min_strength": "nan"}), ("/api/bars", {}),
        ("/api/bars", {"ticker": "aapl; DROP"}), ("/api/portfolio/history", {"period": "9y"}),
    ],
)  # fmt: skip
def test_queries_that_are_not_allowed_name_the_field(web: Served, path: str, params: Any) -> None:
    answer = web.get(path, params=params)
    assert answer.status_code == 422, answer.text
    assert answer.json()["fields"]


def test_what_is_not_there(web: Served) -> None:
    assert problem(web.client.get("/api/nothing")) == (404, "NO_SUCH_PATH")
    assert problem(web.client.post("/api/trades")) == (405, "METHOD_NOT_ALLOWED")
    assert problem(web.client.get("/auth/link")) == (405, "METHOD_NOT_ALLOWED")
    for path, code in (
        ("/api/trades/exe-0", "NO_SUCH_TRADE"), ("/api/decisions/dec-0", "NO_SUCH_DECISION"),
        ("/api/news/art-0", "NO_SUCH_ARTICLE"), ("/api/strategies/x/metrics", "NO_SUCH_STRATEGY"),
    ):  # fmt: skip
        assert problem(web.get(path)) == (404, code)


def test_who_knocks_too_often_waits(web: Served) -> None:
    answers = [
        web.client.post("/auth/link", json={"token": "x"}, headers=web.ours) for _ in range(21)
    ]
    assert [a.status_code for a in answers] == [401] * 20 + [429]
    assert problem(answers[-1]) == (429, "RATE_LIMITED")
    assert 0 < int(answers[-1].headers["retry-after"]) <= 61
    # Nobody gets more by calling themselves somebody else.
    more = {**web.ours, "X-Forwarded-For": "9.9.9.9", "Forwarded": "for=9.9.9.9"}
    again = web.client.post("/auth/link", json={"token": "x"}, headers=more)
    assert again.status_code == 429


def test_every_answer_is_safe_to_show(web: Served) -> None:
    for answer in (web.client.get("/health"), web.get("/api/portfolio"), web.client.get("/x")):
        headers = answer.headers
        assert headers["x-content-type-options"] == "nosniff"
        assert "frame-ancestors 'none'" in headers["content-security-policy"]
        assert headers["cache-control"] == "no-store"
        assert "server" not in headers
    given = web.client.get("/health", headers={"X-Request-Id": "abc-12345"})
    assert given.headers["x-request-id"] == "abc-12345"
    evil = web.client.get("/health", headers={"X-Request-Id": "a b\\nSet-Cookie: x"})
    assert evil.headers["x-request-id"].isalnum()


def test_a_fault_tells_nothing_of_the_inside(web: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> dict[str, str]:
        reason = "password=hunter2 at /secret/path"
        raise RuntimeError(reason)

    monkeypatch.setattr(type(web.api), "ended", property(lambda _: broken()))
    answer = web.get("/api/system")
    assert problem(answer) == (500, "FAULT")
    assert "hunter2" not in json.dumps(answer.json())
