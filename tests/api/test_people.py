"""People: who there is, what they may, and what ends when somebody is shut out."""

import uuid
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from api.access.idempotency import KeysInDatabase
from api.access.people import NewPasskey, User
from api.problems import Invalid, NotSignedIn
from connectors.storage.access import SCHEMA
from stack.runtime.demo import Demo
from stack.servers.services import Services
from tests.api.served import Served, as_api, as_live, served
from tests.api.test_sign_ins import keep_keys
from tests.api.wire import closed, listening
from tests.waiting import eventually

pytestmark = [pytest.mark.kafka, pytest.mark.postgres, pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def live(services: Services, played_day: Demo) -> Iterator[Served]:
    """Serve the played day as if it were live."""
    run = as_live(played_day.run)
    with served(run, as_api(services, run)) as found:
        eventually(lambda: found.api.live._ready)
        yield found


@pytest.fixture(autouse=True)
def nobody_yet(live: Served, services: Services) -> None:
    live.client.cookies.clear()
    live.forget_calls()
    with psycopg.connect(services.database_url, autocommit=True) as connection:
        connection.execute(f"DELETE FROM {SCHEMA}.users".encode())


def person(live: Served, name: str, role: str) -> tuple[str, dict[str, str]]:
    """Return the id of somebody new, and the header of a sign-in of theirs."""
    assert live.api.access.registrar is not None
    user = User(f"usr-{uuid.uuid4().hex}", name, role)
    live.api.access.registrar.people.add(
        user, NewPasskey(uuid.uuid4().bytes, b"k", 0, "", False, [], "")
    )
    found, _ = live.api.access.sessions.begin(user.id, name, role)
    return user.id, {"Authorization": f"Bearer {live.api.access.tokens.of(found)}"}


def change(live: Served, id_: str, who: dict[str, str], **values: Any) -> Any:
    return live.client.patch(f"/auth/people/{id_}", json=values, headers=who)


def test_whoever_is_shut_out_is_out_at_once(live: Served) -> None:
    ann, owner = person(live, "ann", "owner")
    bob, trader = person(live, "bob", "trader")
    socket, _ = listening(live, "news", headers=trader)
    assert live.client.get("/api/portfolio", headers=trader).status_code == 200
    answer = change(live, bob, owner, active=False)
    assert answer.status_code == 200, answer.text
    listed = {p["name"]: (p["role"], p["active"], p["passkeys"]) for p in answer.json()["people"]}
    assert listed == {"ann": ("owner", True, 1), "bob": ("trader", False, 1)}
    assert closed(socket) == (4403, "SESSION_ENDED")
    for path in ("/auth/me", "/auth/people", "/api/portfolio", "/api/trades"):
        refused = live.client.get(path, headers=trader)
        assert (refused.status_code, refused.json()["code"]) == (401, "SESSION_ENDED")
    halt = live.client.post(
        "/api/controls/halt", json={}, headers={**trader, "Idempotency-Key": "k"}
    )
    assert (halt.status_code, halt.json()["code"]) == (401, "SESSION_ENDED")
    assert change(live, bob, owner, active=True, role="viewer").status_code == 200
    assert live.client.get("/auth/people", headers=owner).json()["people"][1]["role"] == "viewer"
    assert change(live, ann, trader, role="viewer").status_code == 401


def test_a_copied_refresh_token_ends_what_reads_by_it(live: Served) -> None:
    id_, _ = person(live, "eve", "viewer")
    sessions = live.api.access.sessions
    found, token = sessions.begin(id_, "eve", "viewer")
    viewer = {"Authorization": f"Bearer {live.api.access.tokens.of(found)}"}
    sessions.rotate(token)
    assert live.client.get("/api/portfolio", headers=viewer).status_code == 200
    live.clock.pass_(seconds=11)
    with pytest.raises(NotSignedIn):
        sessions.rotate(token)
    refused = live.client.get("/api/portfolio", headers=viewer)
    assert (refused.status_code, refused.json()["code"]) == (401, "SESSION_ENDED")


def test_an_owner_is_always_left(live: Served) -> None:
    ann, owner = person(live, "ann", "owner")
    for values in ({"role": "trader"}, {"active": False}):
        answer = change(live, ann, owner, **values)
        assert (answer.status_code, answer.json()["code"]) == (409, "LAST_OWNER")
    assert change(live, ann, owner, role="owner", active=True).status_code == 200
    ann, owner = ann, person(live, "zoe", "owner")[1]
    assert change(live, ann, owner, active=False).status_code == 200


@pytest.mark.parametrize(
    ("values", "status", "code"),
    [({}, 422, "NOT_ALLOWED"), ({"role": "king"}, 422, "NOT_ALLOWED"),
     ({"name": "x"}, 422, "NOT_ALLOWED"), ({"active": False}, 404, "NO_SUCH_PERSON")],
)  # fmt: skip
def test_what_cannot_be_changed(
    live: Served, values: dict[str, Any], status: int, code: str
) -> None:
    _, owner = person(live, "ann", "owner")
    answer = change(live, "usr-0", owner, **values)
    assert (answer.status_code, answer.json()["code"]) == (status, code)


@pytest.mark.parametrize("role", ["viewer", "trader"])
def test_only_owners_see_people(live: Served, role: str) -> None:
    _, who = person(live, "bob", role)
    for answer in (
        live.client.get("/auth/people", headers=who),
        change(live, "x", who, role="owner"),
    ):
        assert (answer.status_code, answer.json()["code"]) == (403, "ROLE_TOO_WEAK")


def test_a_demo_has_no_people(web: Served) -> None:
    answer = web.client.get("/auth/people", headers=web.bearer("owner"))
    assert (answer.status_code, answer.json()["code"]) == (409, "DEMO_HAS_NO_PEOPLE")


def test_keys_of_people_outlive_the_process(live: Served) -> None:
    ann, _ = person(live, "ann", "owner")
    bob, _ = person(live, "bob", "trader")
    keys = live.api.keys
    assert isinstance(keys, KeysInDatabase)
    keep_keys(keys, live.clock, ann, bob)
    restarted = KeysInDatabase(keys._pool, live.clock)
    with pytest.raises(Invalid, match="another body"):
        restarted.id_of("cmd", "run", ann, "/halt", "k", '{"why": "another"}')
    live.clock.pass_(days=3)
    restarted.id_of("cmd", "run", ann, "/halt", "new", "{}")
    with keys._pool.connection() as connection:
        left = connection.execute("SELECT count(*) AS n FROM idempotency_keys").fetchone()
    assert left == {"n": 1}
