"""Asserts of the suites that are inherited say what they compared, too."""

import pytest

pytest.register_assert_rewrite(
    "tests.broker.contract", "tests.broker.contract_account", "tests.broker.contract_brackets"
)
