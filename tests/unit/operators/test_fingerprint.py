"""What the compiler's cache is keyed by: rules and constants, not comments."""

from types import ModuleType

from operators.columns import records
from operators.fingerprint import fingerprint
from operators.trading import arithmetic as rules

RULE = "LIMIT = 3\ndef check(x):\n    return x <= LIMIT * 2\n"


def module(source: str) -> ModuleType:
    found = ModuleType("rules")
    exec(source, vars(found))  # noqa: S102 - our own source
    return found


def test_it_changes_with_a_rule_or_a_constant_and_with_nothing_else() -> None:
    one = fingerprint(module(RULE))
    assert fingerprint(module(RULE)) == one
    assert fingerprint(module("# a comment\n" + RULE)) == one
    assert fingerprint(module(RULE.replace("LIMIT = 3", "LIMIT = 4"))) != one
    assert fingerprint(module(RULE.replace("* 2", "* 3"))) != one
    assert fingerprint(module(RULE.replace("<=", "<"))) != one


def test_real_modules_have_one() -> None:
    assert len(fingerprint(rules, records)) == 16
    assert fingerprint(rules) != fingerprint(records)
