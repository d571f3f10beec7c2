"""Codes that decisions can be filtered by: all that the desk gives."""

import pytest

from api.known import CODES, must_be_code
from api.problems import Invalid
from operators.checks import BROKER_STATES, CHECKS, STATE_CODES


def test_every_code_of_a_denial_can_be_asked_for() -> None:
    given = {*CHECKS, *STATE_CODES[1:], *BROKER_STATES[1:], "NO_POSITION", "ACCEPTED"}
    assert set(CODES) == given
    for code in given:
        must_be_code(code)
    with pytest.raises(Invalid, match="Name one of ACCEPTED"):
        must_be_code("READY")
