"""Whatever the document allows, and what it does not: no fault, and no answer that it lacks."""

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from api.app import ENDPOINTS
from api.endpoints import Endpoint, NoQuery
from api.openapi import document
from tests.api.served import Served

pytestmark = [pytest.mark.kafka, pytest.mark.postgres, pytest.mark.timeout(300)]
SCHEMA = schemathesis.openapi.from_dict(document(ENDPOINTS))
CHECKS = [
    not_a_server_error, status_code_conformance, content_type_conformance,
    response_schema_conformance,
]  # fmt: skip


# Of those that take neither query nor body nothing is wrong to ask.
TAKING = [e for e in ENDPOINTS if e.query is not NoQuery or e.body is not None]
CASES = [
    *((GenerationMode.POSITIVE, endpoint) for endpoint in ENDPOINTS),
    *((GenerationMode.NEGATIVE, endpoint) for endpoint in TAKING),
]


@pytest.mark.parametrize(
    ("mode", "endpoint"), CASES, ids=lambda v: v.value if isinstance(v, GenerationMode) else v.name
)
def test_every_answer_is_documented(
    web: Served, mode: GenerationMode, endpoint: Endpoint
) -> None:  # fmt: skip
    operation = SCHEMA[endpoint.path][endpoint.method]
    headers = {**web.bearer("owner"), **web.ours}
    web.flows.update(trade="ended")  # commands are refused: others look at this run, too

    @settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.data())
    def ask(data: st.DataObject) -> None:
        case = data.draw(operation.as_strategy(generation_mode=mode))
        web.forget_calls()
        answer = case.call(base_url=web.origin.public, headers=headers)
        case.validate_response(answer, checks=CHECKS)

    ask()
