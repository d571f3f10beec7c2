"""People of a live run: registering, signing in, and everything that is refused on the way."""

import json
import uuid
from collections.abc import Iterator
from typing import Any

import httpx
import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from webauthn.helpers import bytes_to_base64url

from api.access.database_sessions import SessionsInDatabase
from api.access.people import NewPasskey, User
from connectors.storage.access import SCHEMA
from stack.runtime.demo import Demo
from stack.servers.services import Services
from tests.api.authenticator import Authenticator
from tests.api.served import Served, as_api, as_live, served
from tests.api.test_sign_ins import follow_the_model

pytestmark = [pytest.mark.kafka, pytest.mark.postgres, pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def live(services: Services, played_day: Demo) -> Iterator[Served]:
    """Serve the played day as if it were live."""
    run = as_live(played_day.run)
    with served(run, as_api(services, run)) as found:
        assert found.api.run.live
        yield found


@pytest.fixture(autouse=True)
def nobody_yet(live: Served, services: Services) -> None:
    live.client.cookies.clear()
    live.forget_calls()
    with psycopg.connect(services.database_url, autocommit=True) as connection:
        for table in ("users", "challenges", "invitations", "audit_log"):
            connection.execute(f"DELETE FROM {SCHEMA}.{table}".encode())


def post(live: Served, path: str, body: dict[str, Any], token: str = "") -> httpx.Response:
    headers = {**live.ours, **({"Authorization": f"Bearer {token}"} if token else {})}
    text = json.dumps(body)  # which, other than the client, escapes what UTF-8 cannot hold
    headers["Content-Type"] = "application/json"
    return live.client.post(path, content=text, headers=headers)


def good(answer: httpx.Response) -> dict[str, Any]:
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def refused(answer: httpx.Response, status: int, code: str) -> None:
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
    assert "set-cookie" not in answer.headers


def begin(
    live: Served, name: str = "ann", token: str = ""
) -> tuple[dict[str, Any], dict[str, str]]:
    who = {"name": name, "token": token or live.api.access.links.give()}
    return good(post(live, "/auth/register/begin", who)), who


def register(
    live: Served, key: Authenticator, name: str = "ann", token: str = ""
) -> dict[str, Any]:
    ceremony, who = begin(live, name, token)
    made = {"ceremony": ceremony["ceremony"], "credential": key.make(ceremony["options"])}
    return good(post(live, "/auth/register/complete", {**who, **made}))


def key_of(live: Served, **more: Any) -> Authenticator:
    return Authenticator(live.origin.public, **more)


def show(live: Served, key: Authenticator, **more: Any) -> httpx.Response:
    ceremony = good(post(live, "/auth/login/begin", {}))
    shown = {"ceremony": ceremony["ceremony"], "credential": key.show(ceremony["options"])}
    return post(live, "/auth/login/complete", {**shown, **more})


def test_the_first_owner_registers_by_a_link_and_signs_in_again(live: Served) -> None:
    key, link = key_of(live), live.api.access.links.give()
    first = register(live, key, "ann", link)
    assert (first["name"], first["role"]) == ("ann", "owner")
    me = {"Authorization": f"Bearer {first['access_token']}"}
    assert good(live.client.get("/auth/me", headers=me))["live"]
    again = good(show(live, key))
    assert again["access_token"] != first["access_token"]
    assert good(post(live, "/auth/refresh", {}))["name"] == "ann"
    body = {"name": "eve", "token": link}
    refused(post(live, "/auth/register/begin", body), 401, "INVITATION_REFUSED")


def test_an_invitation_gives_its_role_once(live: Served) -> None:
    owner = register(live, key_of(live))["access_token"]
    invited = good(post(live, "/auth/invitations", {"role": "viewer"}, owner))
    token = invited["link"].split("#register=")[1]
    bob = register(live, key_of(live), "bob", token)
    assert (bob["name"], bob["role"]) == ("bob", "viewer")
    refused(post(live, "/auth/invitations", {"role": "owner"}, bob["access_token"]), 403,
            "ROLE_TOO_WEAK")  # fmt: skip
    who = {"name": "eve", "token": token}
    refused(post(live, "/auth/register/begin", who), 401, "INVITATION_REFUSED")
    late = good(post(live, "/auth/invitations", {"role": "trader"}, owner))
    live.clock.pass_(days=1)
    token = late["link"].split("#register=")[1]
    refused(post(live, "/auth/register/begin", {"name": "eve", "token": token}), 401,
            "INVITATION_REFUSED")  # fmt: skip


def test_begin_answers_alike_for_known_names_and_unknown_ones(live: Served) -> None:
    register(live, key_of(live), "ann")
    shapes = []
    for name in ("ann", "nobody", ""):
        options = good(post(live, "/auth/login/begin", {"name": name}))["options"]
        challenge = options.pop("challenge")
        assert len(challenge) >= 43
        shapes.append(options)
    assert shapes[0] == shapes[1] == shapes[2]
    assert not shapes[0].get("allowCredentials")
    assert shapes[0]["userVerification"] == "required"


REGISTERING: list[tuple[str, dict[str, Any]]] = [
    ("another page", {"origin": "http://evil.example"}),
    ("nobody was verified", {"verifies": False}),
]


@pytest.mark.parametrize(("why", "more"), REGISTERING)
def test_passkeys_that_are_not_accepted(live: Served, why: str, more: dict[str, Any]) -> None:
    key = Authenticator(**{"origin": live.origin.public, **more})
    ceremony, who = begin(live)
    made = {"ceremony": ceremony["ceremony"], "credential": key.make(ceremony["options"])}
    refused(post(live, "/auth/register/complete", {**who, **made}), 401, "PASSKEY_REFUSED")
    assert live.api.access.links.holds(who["token"]), "it may be tried again"


def test_a_passkey_of_another_site_or_another_ceremony_is_refused(live: Served) -> None:
    key = key_of(live)
    ceremony, who = begin(live)
    elsewhere = {"ceremony": ceremony["ceremony"],
                 "credential": key.make(ceremony["options"], "evil.example")}  # fmt: skip
    refused(post(live, "/auth/register/complete", {**who, **elsewhere}), 401, "PASSKEY_REFUSED")
    # Its challenge is used up by that; and one of another name or token is another's.
    made = {**elsewhere, "credential": key.make(ceremony["options"])}
    refused(post(live, "/auth/register/complete", {**who, **made}), 401, "PASSKEY_REFUSED")
    ceremony, who = begin(live)
    made = {"ceremony": ceremony["ceremony"], "credential": key.make(ceremony["options"])}
    other = {**who, "name": "eve"}
    refused(post(live, "/auth/register/complete", {**other, **made}), 401, "PASSKEY_REFUSED")
    sign_in = good(post(live, "/auth/login/begin", {}))
    mixed = {**made, "ceremony": sign_in["ceremony"]}
    refused(post(live, "/auth/register/complete", {**who, **mixed}), 401, "PASSKEY_REFUSED")
    live.clock.pass_(minutes=5)
    refused(post(live, "/auth/register/complete", {**who, **made}), 401, "PASSKEY_REFUSED")


def test_sign_ins_that_are_not_accepted(live: Served) -> None:
    key = key_of(live)
    register(live, key)
    stranger = key_of(live)
    stranger.handle = key.handle
    refused(show(live, stranger), 401, "PASSKEY_REFUSED")
    key.verifies = False
    refused(show(live, key), 401, "PASSKEY_REFUSED")
    key.verifies, key.origin = True, "http://evil.example"
    refused(show(live, key), 401, "PASSKEY_REFUSED")
    key.origin = live.origin.public
    handle, key.handle = key.handle, bytes_to_base64url(b"usr-somebody-else")
    refused(show(live, key), 401, "PASSKEY_REFUSED")
    key.handle = handle
    ceremony = good(post(live, "/auth/login/begin", {}))
    answer = key.show(ceremony["options"])
    forged = {**answer, "response": {**answer["response"], "signature": "AAAA"}}
    body = {"ceremony": ceremony["ceremony"], "credential": forged}
    refused(post(live, "/auth/login/complete", body), 401, "PASSKEY_REFUSED")
    # Replayed: the challenge was used up by the forgery.
    body = {"ceremony": ceremony["ceremony"], "credential": answer}
    refused(post(live, "/auth/login/complete", body), 401, "PASSKEY_REFUSED")
    ceremony = good(post(live, "/auth/login/begin", {}))
    live.clock.pass_(minutes=5)
    body = {"ceremony": ceremony["ceremony"], "credential": key.show(ceremony["options"])}
    refused(post(live, "/auth/login/complete", body), 401, "PASSKEY_REFUSED")
    assert good(show(live, key))["name"] == "ann"


def test_a_sign_count_must_grow_unless_both_are_zero(live: Served) -> None:
    counting, synced = key_of(live), key_of(live, counts=False)
    register(live, counting, "ann")
    register(live, synced, "bob")
    for _ in range(3):
        assert good(show(live, synced))["name"] == "bob"
        assert good(show(live, counting))["name"] == "ann"
    counting.count = 1  # a copy of the key, made after the first use
    refused(show(live, counting), 401, "PASSKEY_REFUSED")


@pytest.mark.parametrize("credential", [
    {}, {"rawId": 5}, {"rawId": "!!"}, {"rawId": "AAAA", "response": None},
    {"id": "x", "rawId": "x", "type": "public-key", "response": {}},
])  # fmt: skip
def test_credentials_that_are_none(live: Served, credential: dict[str, Any]) -> None:
    ceremony, who = begin(live)
    body = {**who, "ceremony": ceremony["ceremony"], "credential": credential}
    refused(post(live, "/auth/register/complete", body), 401, "PASSKEY_REFUSED")
    key = key_of(live)
    register(live, key)
    begun = good(post(live, "/auth/login/begin", {}))
    own = {**credential, "rawId": bytes_to_base64url(key.id)} if credential else {}
    body = {"ceremony": begun["ceremony"], "credential": own}
    refused(post(live, "/auth/login/complete", body), 401, "PASSKEY_REFUSED")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("clientDataJSON", bytes_to_base64url(b'{"type": ' + b"[" * 20_000)),
        ("clientDataJSON", bytes_to_base64url(b'{"type": "\xff"}')),
        ("attestationObject", bytes_to_base64url(b"\x81" * 20_000)),
        ("attestationObject", bytes_to_base64url(b"\xa1\x61\xff")),
        ("authenticatorData", bytes_to_base64url(b"\x81" * 20_000)),
        ("signature", "\ud800"),
        ("userHandle", "\ud800"),
    ],
)
def test_credentials_that_nobody_can_read(live: Served, field: str, value: Any) -> None:
    key = key_of(live)
    ceremony, who = begin(live)
    made = key.make(ceremony["options"])
    if field in made["response"]:
        made["response"][field] = value
        body = {**who, "ceremony": ceremony["ceremony"], "credential": made}
        refused(post(live, "/auth/register/complete", body), 401, "PASSKEY_REFUSED")
    register(live, key)
    begun = good(post(live, "/auth/login/begin", {}))
    shown = key.show(begun["options"])
    if field in shown["response"]:
        shown["response"][field] = value
        body = {"ceremony": begun["ceremony"], "credential": shown}
        refused(post(live, "/auth/login/complete", body), 401, "PASSKEY_REFUSED")


@pytest.mark.parametrize("told", [5, "usb", {"usb": 1}, ["\x00", "\ud800", 5, None, ["usb"]]])
def test_transports_that_are_none_are_left_out(live: Served, told: Any) -> None:
    key = key_of(live)
    ceremony, who = begin(live)
    made = key.make(ceremony["options"])
    made["response"]["transports"] = told
    body = {**who, "ceremony": ceremony["ceremony"], "credential": made}
    good(post(live, "/auth/register/complete", body))
    assert good(show(live, key))["name"] == "ann"


def test_one_looks_after_one_s_own_passkeys_and_nobody_else_s(live: Served) -> None:
    first, second = key_of(live), key_of(live)
    ann = register(live, first)["access_token"]
    bob = register(live, key_of(live), "bob")["access_token"]
    headers = {"Authorization": f"Bearer {ann}"}
    begun = good(post(live, "/auth/passkeys/begin", {}, ann))
    assert [k["id"] for k in begun["options"]["excludeCredentials"]] == [
        bytes_to_base64url(first.id)
    ]  # fmt: skip
    made = {"ceremony": begun["ceremony"], "credential": second.make(begun["options"])}
    refused(post(live, "/auth/passkeys/complete", made, bob), 401, "PASSKEY_REFUSED")
    begun = good(post(live, "/auth/passkeys/begin", {}, ann))
    made = {"ceremony": begun["ceremony"], "credential": second.make(begun["options"])}
    known = good(post(live, "/auth/passkeys/complete", {**made, "label": "blue"}, ann))["passkeys"]
    assert [k["label"] for k in known] == ["", "blue"]
    assert good(show(live, second))["name"] == "ann"
    path = f"/auth/passkeys/{known[0]['id']}"
    theirs = {"Authorization": f"Bearer {bob}"}
    assert live.client.request("DELETE", path, headers=theirs).status_code == 404
    assert live.client.patch(path, json={"label": "x"}, headers=theirs).status_code == 404
    assert live.client.patch(path, json={"label": "old"}, headers=headers).status_code == 204
    assert live.client.request("DELETE", path, headers=headers).status_code == 204
    left = good(live.client.get("/auth/passkeys", headers=headers))["passkeys"]
    assert [k["label"] for k in left] == ["blue"]
    last = live.client.request("DELETE", f"/auth/passkeys/{left[0]['id']}", headers=headers)
    refused(last, 409, "LAST_PASSKEY")
    refused(show(live, first), 401, "PASSKEY_REFUSED")


def test_names_are_somebody_s_alone(live: Served) -> None:
    register(live, key_of(live), "ann")
    body = {"name": "ann", "token": live.api.access.links.give()}
    refused(post(live, "/auth/register/begin", body), 409, "NAME_TAKEN")
    for name in ("", " ann", "x" * 65, "a\x00"):
        answer = post(live, "/auth/register/begin", {**body, "name": name})
        assert answer.status_code == 422


def test_whoever_is_shut_out_is_out(live: Served, services: Services) -> None:
    key = key_of(live)
    token = {"Authorization": f"Bearer {register(live, key)['access_token']}"}
    with psycopg.connect(services.database_url, autocommit=True) as connection:
        connection.execute(f"UPDATE {SCHEMA}.users SET active = false".encode())
    refused(show(live, key), 401, "PASSKEY_REFUSED")
    refused(post(live, "/auth/refresh", {}), 401, "REFRESH_REFUSED")
    assert live.client.get("/auth/me", headers=token).json()["code"] == "SESSION_ENDED"


def test_a_live_run_takes_no_demo_s_link_and_a_demo_has_no_people(
    live: Served, web: Served
) -> None:
    link = live.api.access.links.give()
    refused(post(live, "/auth/link", {"token": link}), 403, "REGISTER_INSTEAD")
    demo = {"Authorization": f"Bearer {web.token()}"}
    assert live.client.get("/auth/me", headers=demo).json()["code"] == "TOKEN_INVALID"
    person = {"Authorization": f"Bearer {register(live, key_of(live))['access_token']}"}
    assert web.client.get("/auth/me", headers=person).json()["code"] == "TOKEN_INVALID"
    body = {"name": "ann", "token": web.api.access.links.give()}
    refused(post(web, "/auth/register/begin", body), 409, "DEMO_HAS_NO_PEOPLE")
    refused(post(web, "/auth/login/begin", {}), 409, "DEMO_HAS_NO_PEOPLE")
    refused(post(web, "/auth/invitations", {"role": "owner"}, web.token()), 409,
            "DEMO_HAS_NO_PEOPLE")  # fmt: skip


def test_nothing_that_could_be_used_is_kept(live: Served, services: Services) -> None:
    key, link = key_of(live), live.api.access.links.give()
    token = register(live, key, "ann", link)["access_token"]
    cookie = live.client.cookies[live.origin.cookie]
    invited = good(post(live, "/auth/invitations", {"role": "viewer"}, token))["link"]
    with psycopg.connect(services.database_url) as connection:
        for (table,) in connection.execute(
            "SELECT tablename FROM pg_tables WHERE schemaname = %s", (SCHEMA,)
        ).fetchall():
            kept = str(connection.execute(f"SELECT * FROM {SCHEMA}.{table}".encode()).fetchall())
            for secret in (token, cookie, link, invited.split("=")[1]):
                assert secret not in kept, table
        actions = connection.execute(
            f"SELECT action, outcome FROM {SCHEMA}.audit_log ORDER BY id".encode()
        ).fetchall()
    assert actions == [("register", "done"), ("invite", "done")]


@settings(max_examples=25, suppress_health_check=list(HealthCheck))
@given(st.lists(st.tuples(st.integers(0, 5), st.floats(0, 30)), max_size=8))
def test_sign_ins_in_the_database_have_the_same_story(
    live: Served, asked: list[tuple[int, float]]
) -> None:
    registrar = live.api.access.registrar
    assert registrar is not None
    user = User(f"usr-{uuid.uuid4().hex}", uuid.uuid4().hex, "owner")
    registrar.people.add(user, NewPasskey(uuid.uuid4().bytes, b"k", 0, "", False, [], ""))
    sessions = live.api.access.sessions
    assert isinstance(sessions, SessionsInDatabase)
    follow_the_model(sessions, live.clock, user.id, asked)
