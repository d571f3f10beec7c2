"""Values at the edge of the wire: the hot path lets in no more than the contract and the rooms."""

import json
from typing import Any

import msgspec
import pytest
from jsonschema import Draft202012Validator

from messages.base import SMALL_MAX
from messages.codec import MONEY_MAX, Unreadable, decoder, model_of, validate
from messages.control import DeadLetter
from messages.market import Bar
from messages.news import RawArticle
from messages.trading import PositionChanged, TradeExecution
from tests.extremes import EXTREMES, every_message

MESSAGES = every_message()


def lets_in(schema: Any, values: dict[str, Any]) -> bool:
    try:
        decoder(schema)(msgspec.json.encode(values))
    except Unreadable:
        return False
    return True


@pytest.mark.parametrize("schema", MESSAGES, ids=lambda s: s.__name__)
def test_the_hot_path_lets_in_no_more_than_the_contract(schema: Any) -> None:
    """`decoder` raises Unreadable and nothing else, and what it reads fits the JSON Schema."""
    contract = Draft202012Validator(model_of(schema).model_json_schema())
    count = 0
    for field in MESSAGES[schema]:
        for extreme in EXTREMES:
            values = {**MESSAGES[schema], field: extreme}
            if lets_in(schema, values):
                count += 1
                validate(schema, values)
                plain = json.loads(msgspec.json.encode(values))
                assert contract.is_valid(plain), (field, extreme)
    assert count >= 2 * len(MESSAGES[schema]) - 10, "most of them are refused, not all"


@pytest.mark.parametrize(
    ("schema", "field", "last", "beyond"),
    [
        (Bar, "ticker", "AAPL", "AAPL\n"),
        (Bar, "revision", SMALL_MAX, SMALL_MAX + 1),
        (RawArticle, "fetched_at", "9998-12-31T23:59:59Z", "9999-01-01T00:00:00Z"),
        (RawArticle, "published_at", "0002-01-01T00:00:00Z", "0001-12-31T23:59:59Z"),
        (RawArticle, "revision", SMALL_MAX, SMALL_MAX + 1),
        (TradeExecution, "commission", str(MONEY_MAX), str(MONEY_MAX + 1)),
        (TradeExecution, "pnl", str(-MONEY_MAX), "-Infinity"),
        (TradeExecution, "pnl", None, "NaN"),
        (DeadLetter, "partition", -SMALL_MAX, SMALL_MAX + 1),
        (PositionChanged, "qty", 2**63 - 1, 2**63),
        (PositionChanged, "qty", -(2**63), -(2**63) - 1),
    ],
)
def test_the_last_value_and_the_one_beyond(
    schema: Any, field: str, last: object, beyond: object
) -> None:
    values = MESSAGES[schema]
    assert lets_in(schema, {**values, field: last})
    with pytest.raises(Unreadable) as refusal:
        decoder(schema)(msgspec.json.encode({**values, field: beyond}))
    assert refusal.value.reason == "MALFORMED"
    with pytest.raises(Unreadable, match="MALFORMED"):
        validate(schema, {**values, field: beyond})


def test_a_bar_at_the_end_of_the_calendar_is_refused_not_an_error() -> None:
    """Its end lies beyond what a time can say."""
    values = {**MESSAGES[Bar], "start": "9999-12-31T23:59:59Z"}
    with pytest.raises(Unreadable, match="start: 9999"):
        decoder(Bar)(msgspec.json.encode(values))
