"""From a request to an endpoint's handler and back: access, limits, reading, answering."""

import json
import time
from typing import Any, Final

import psycopg
from psycopg_pool import PoolTimeout
from pydantic import BaseModel, ValidationError
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from api.access.person import Person
from api.context import Api, Call
from api.endpoints import Endpoint, may
from api.problems import (
    Away,
    BadRequest,
    Forbidden,
    Invalid,
    NotFound,
    NotSignedIn,
    Problem,
    TooLarge,
    TooSlow,
    WrongType,
)
from api.values import is_plain
from connectors.kafka.layout import BrokerUnavailable
from connectors.telemetry import REQUEST_SECONDS

LARGEST_BODY: Final = 65_536
JSON: Final = "application/json"
NOBODY: Final = Person("", "", "", "")


class Dispatch:
    """Calls one endpoint."""

    def __init__(self, endpoint: Endpoint, api: Api) -> None:
        """Take the endpoint and what it needs."""
        self._endpoint = endpoint
        self._api = api

    async def __call__(self, request: Request) -> Response:
        """Answer a request, and count it by its route and status.

        Raises:
            Problem: of any kind; `Guard` answers it.
        """
        began, status = time.perf_counter(), 500
        try:
            response = await self._respond(request)
            status = response.status_code
        except Problem as problem:
            status = problem.status
            raise
        finally:
            route = {"method": self._endpoint.method, "route": self._endpoint.path}
            REQUEST_SECONDS.record(time.perf_counter() - began, {**route, "status": status})
        return response

    async def _respond(self, request: Request) -> Response:
        endpoint, peer = self._endpoint, request.client.host if request.client else ""
        person = await self._person(request)
        self._api.access.limits.take(endpoint.name, person.id or peer, endpoint.rate)
        if not all(map(is_plain, request.path_params.values())):
            raise NotFound("NO_SUCH_PATH", "There is nothing of that name.")
        query = _validated(endpoint.query, _query_of(request))
        body = await self._body(request)
        call: Call[Any, Any] = Call(query, body, request.path_params, person, peer, request)
        try:
            if endpoint.quick:
                answer = endpoint.handle(self._api, call)
            else:
                answer = await run_in_threadpool(endpoint.handle, self._api, call)
        except psycopg.errors.QueryCanceled as error:
            raise TooSlow from error
        except (psycopg.OperationalError, PoolTimeout) as error:
            raise Away("database") from error
        except BrokerUnavailable as error:
            raise Away("broker") from error
        return self._answer(answer)

    async def _person(self, request: Request) -> Person:
        endpoint = self._endpoint
        if endpoint.role is None:
            return NOBODY
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise NotSignedIn("NOT_SIGNED_IN", "Sign in, and send the access token as a bearer.")
        tokens = self._api.access.tokens
        person = tokens.person_of(token)
        if endpoint.session:
            await run_in_threadpool(tokens.must_live, person)
        if not may(person.role, endpoint.role):
            code, detail = "ROLE_TOO_WEAK", f"This needs the role {endpoint.role}."
            raise Forbidden(code, detail)
        return person

    async def _body(self, request: Request) -> BaseModel | None:
        if self._endpoint.body is None:
            return None
        if request.headers.get("content-type", "").split(";")[0].strip().lower() != JSON:
            raise WrongType("NOT_JSON", "Send a JSON object, as application/json.")
        text = await read_body(request, LARGEST_BODY)
        try:
            values = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise BadRequest("NOT_JSON", "The body is no JSON: send an object.") from error
        found: BaseModel = _validated(self._endpoint.body, values, strict=True)
        return found

    def _answer(self, answer: Any) -> Response:
        headers = {"Cache-Control": "no-store"}
        if isinstance(answer, Response):
            answer.headers.setdefault("Cache-Control", "no-store")
            return answer
        if answer is None:
            return Response(status_code=204, headers=headers)
        plain = answer.model_dump(mode="json")
        return JSONResponse(plain, self._endpoint.status, headers)


async def read_body(request: Request, most: int) -> bytes:
    """Return a request's body; what is larger is not read to its end.

    Raises:
        TooLarge: it has more than `most` bytes.
    """
    found = bytearray()
    async for part in request.stream():
        found += part
        if len(found) > most:
            raise TooLarge("BODY_TOO_LARGE", f"Send at most {most:,} bytes.")
    return bytes(found)


def _query_of(request: Request) -> dict[str, Any]:
    """Return the query.

    Raises:
        Invalid: a name is given more than once.
    """
    found: dict[str, Any] = {}
    for name, value in request.query_params.multi_items():
        if name in found:
            shown = name[:40]
            fields = {shown: "is given more than once"}
            raise Invalid("NOT_ALLOWED", f"Give {shown} once.", fields=fields)
        found[name] = value
    return found


def _validated(model: type[BaseModel], values: Any, *, strict: bool = False) -> Any:
    """Return a model of values; strict: of JSON's own types, where true is no number."""
    try:
        return model.model_validate(values, strict=strict)
    except ValidationError as error:
        fields = {
            ".".join(map(str, e["loc"])) or "body": e["msg"]
            for e in error.errors(include_url=False, include_context=False, include_input=False)
        }
        code = "NOT_ALLOWED"
        detail = f"Correct {', '.join(sorted(fields))}."
        raise Invalid(code, detail, fields=fields) from error
