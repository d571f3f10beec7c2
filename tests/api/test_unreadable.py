"""Text from outside that nobody can read, wherever text is read: never a fault of ours."""

import base64

import pytest

from api.app import ENDPOINTS
from api.endpoints import Endpoint
from tests.api.served import Served

pytestmark = [pytest.mark.kafka, pytest.mark.postgres, pytest.mark.timeout(300)]
TAKING = [e for e in ENDPOINTS if e.body is not None]
# As deep as JSON is read, and deeper: what comes after reading goes down again.
DEEP = [b"[" * n + b"]" * n for n in (200, 900, 960, 980, 30_000)]
BODIES = [
    *DEEP, *(b'{"credential": ' + each + b"}" for each in DEEP), b'{"a": ' * 9_000,
    b"\xff\xfe", b'{"token": "\xff"}', b'{"\\ud800": 1}', b'{"token": {"\\udfff": "\\ud800"}}',
    b'{"credential": {"\\ud800": "\\ud800"}, "ceremony": "x"}', b'{"a": ' + b"9" * 5_000 + b"}",
    b'{"token": NaN}',
]  # fmt: skip
SEGMENTS = [*DEEP, b'{"a":' * 5_000, b"\xff", b'{"alg": "\xff"}', b'{"alg": "\\ud800"}',
            b'{"alg": ["HS256"]}', b'{"alg": {}}', b"null"]  # fmt: skip


def in_base64(text: bytes) -> str:
    return base64.urlsafe_b64encode(text).decode().rstrip("=")


@pytest.mark.parametrize("endpoint", TAKING, ids=lambda e: e.name)
def test_bodies(web: Served, endpoint: Endpoint) -> None:
    path = endpoint.path.replace("{id}", "momentum").replace("{ticker}", "AAPL")
    headers = {**web.bearer("owner"), **web.ours, "Content-Type": "application/json",
               "Idempotency-Key": "x"}  # fmt: skip
    for body in BODIES:
        web.forget_calls()
        answer = web.client.request(endpoint.method, path, content=body, headers=headers)
        assert answer.status_code in (400, 409, 422), (body[:40], answer.text)


@pytest.mark.parametrize("segment", SEGMENTS, ids=range(len(SEGMENTS)))
def test_tokens(web: Served, segment: bytes) -> None:
    text = in_base64(segment)
    payload = in_base64(b"{}")
    for token in (f"{text}.{payload}.AAAA", f"{in_base64(b'{}')}.{text}.AAAA", text):
        headers = {"Authorization": f"Bearer {token}"}
        answer = web.client.get("/auth/me", headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (401, "TOKEN_INVALID")


@pytest.mark.parametrize(
    "text", [b'["\xff", 1, "a", 1]', b"[" * 290, b'{"a":' * 58, b'["\\ud800", 1, "a", 1]', b"\xff"],
    ids=range(5),
)  # fmt: skip
def test_cursors(web: Served, text: bytes) -> None:
    answer = web.get("/api/trades", params={"cursor": in_base64(text)})
    assert (answer.status_code, answer.json()["code"]) == (422, "CURSOR_INVALID")
