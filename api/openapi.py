"""The OpenAPI 3.1 document, made of the table of endpoints and their models."""

import re
from http import HTTPStatus
from typing import Any, Final

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from api.endpoints import Endpoint
from api.problems import MEDIA_TYPE, ProblemDetails
from api.values import Asked
from connectors.version import VERSION

JSON: Final = "application/json"
REFERENCE: Final = "#/components/schemas/{model}"
PARAMETER: Final = re.compile(r"\{(\w+)\}")
ABOUT: Final = (
    "What people and programs see of a Tidewire run, and the commands they may give it. Money is a "
    "string with its exact decimals; times are RFC 3339, UTC; errors are RFC 9457 problem details."
)
# Statuses that any endpoint of a kind may answer with.
ALWAYS: Final = (421, 422, 429, 503)
SIGNED_IN: Final = (401, 403)
WITH_BODY: Final = (400, 413, 415)


def document(endpoints: tuple[Endpoint, ...]) -> dict[str, Any]:
    """Return the document."""
    answers = {e.answer for e in endpoints if e.answer is not None}
    bodies = {e.body for e in endpoints if e.body is not None}
    taken: list[tuple[type[BaseModel], Any]] = [(m, "serialization") for m in answers]
    taken += [(m, "validation") for m in bodies]
    taken.append((ProblemDetails, "serialization"))
    taken.sort(key=lambda pair: pair[0].__name__)
    references, schemas = models_json_schema(taken, ref_template=REFERENCE)
    paths: dict[str, Any] = {}
    for endpoint in endpoints:
        operation = _operation(endpoint, references)
        paths.setdefault(endpoint.path, {})[endpoint.method.lower()] = operation
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Tidewire", "version": VERSION, "description": ABOUT,
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "paths": paths,
        "components": {
            "schemas": schemas["$defs"],
            "securitySchemes": {
                "access": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}
            },
        },
    }  # fmt: skip


def _operation(endpoint: Endpoint, references: Any) -> dict[str, Any]:
    words = (endpoint.handle.__doc__ or "").strip().split("\n\n")
    summary = " ".join(words[0].split())
    more = [f"Needs the role {endpoint.role}."] if endpoint.role else []
    found: dict[str, Any] = {
        "operationId": endpoint.name, "tags": [endpoint.tag], "summary": summary,
        "parameters": _parameters(endpoint), "responses": _responses(endpoint, references),
    }  # fmt: skip
    if more:
        found["description"] = " ".join(more)
        found["security"] = [{"access": []}]
    if endpoint.body is not None:
        schema = references[endpoint.body, "validation"]
        found["requestBody"] = {"required": True, "content": {JSON: {"schema": schema}}}
    return found


def _parameters(endpoint: Endpoint) -> list[dict[str, Any]]:
    found = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        for name in PARAMETER.findall(endpoint.path)
    ]
    return found + _query(endpoint.query) + _headers(endpoint)


def _query(model: type[Asked]) -> list[dict[str, Any]]:
    schema = model.model_json_schema(mode="validation")
    required = schema.get("required", [])
    return [
        {"name": name, "in": "query", "required": name in required, "schema": _plain(spec)}
        for name, spec in schema.get("properties", {}).items()
    ]


def _plain(spec: dict[str, Any]) -> dict[str, Any]:
    """Return a parameter's schema: what is left out is not sent as null."""
    found = {k: v for k, v in spec.items() if k not in ("title", "default") or v is not None}
    found.pop("title", None)
    kinds = [kind for kind in found.pop("anyOf", []) if kind != {"type": "null"}]
    return {**(kinds[0] if len(kinds) == 1 else {"anyOf": kinds} if kinds else {}), **found}


def _headers(endpoint: Endpoint) -> list[dict[str, Any]]:
    if endpoint.status != HTTPStatus.ACCEPTED:
        return []
    schema = {"type": "string", "minLength": 1, "maxLength": 128}
    said = "The same key is the same request, for a day."
    return [
        {"name": "Idempotency-Key", "in": "header", "required": True, "schema": schema,
         "description": said}
    ]  # fmt: skip


def _responses(endpoint: Endpoint, references: Any) -> dict[str, Any]:
    good: dict[str, Any] = {"description": HTTPStatus(endpoint.status).phrase}
    if endpoint.answer is not None:
        good["content"] = {JSON: {"schema": references[endpoint.answer, "serialization"]}}
        for media in endpoint.also:
            good["content"][media] = {"schema": {"type": "string"}}
    found = {str(endpoint.status): good}
    problems = {*ALWAYS, *endpoint.problems}
    problems |= set(SIGNED_IN) if endpoint.role else set()
    problems |= set(WITH_BODY) if endpoint.body is not None else set()
    schema = references[ProblemDetails, "serialization"]
    for status in sorted(problems):
        found[str(status)] = {
            "description": HTTPStatus(status).phrase,
            "content": {MEDIA_TYPE: {"schema": schema}},
        }
    return found
