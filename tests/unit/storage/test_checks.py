"""What the database refuses by itself: the same as the messages, in the newest migration too."""

from importlib import import_module

import pytest

from connectors.storage.checks import checks

VERSIONS = "connectors.storage.migrations.versions"
FROZEN = import_module(f"{VERSIONS}.0007_words_and_ranges").CHECKS
LATER = {
    ("positions", "trail"): "trail >= 0 AND trail <= 10000000",  # 0008
    ("decisions", "cause"): (  # 0009
        "cause IN ('command', 'delisted', 'reconcile', 'signal', 'stop', 'take_profit')"
    ),
}
LEARNING = import_module(f"{VERSIONS}.0010_learning")
LATER |= {(table, column): said for table, column, said in LEARNING._conditions()}
NEW = {*LEARNING.TABLES, "trading_halts"}
STATES = import_module(f"{VERSIONS}.0011_trading_states").STATES
LATER |= {
    ("trading_states", "old_state"): f"old_state {STATES}",
    ("trading_states", "new_state"): f"new_state {STATES}",
    ("trading_states", "cause"): "cause IN ('command', 'flattened')",
}
BROKER = import_module(f"{VERSIONS}.0014_broker_events")
LATER |= {("broker_events", column): said for column, said in BROKER.CONDITIONS.items()}
LATER |= {("orders", column): said for column, said in BROKER.LEGS.items()}
LATER["commands", "kind"] = f"kind IN ({LEARNING.MORE_KINDS})"


@pytest.mark.parametrize(
    ("table", "column", "condition"),
    [
        ("commands", "kind", "kind IN ('close_position', 'correct_execution', 'disable_strategy', 'enable_strategy', 'flatten', 'halt', 'pause', 'reduce', 'reset_account', 'resume')"),  # noqa: E501
        ("market_data", "volume", "volume >= 0 AND volume <= 9007199254740992"),
        ("market_data", "interval", "interval IN ('1d', '1h', '1m', '5m')"),
        ("article_sentiments", "sentiment_score", "sentiment_score >= -1 AND sentiment_score <= 1"),
        ("strategy_weights_history", "new_weight", "new_weight >= 0 AND new_weight <= 1"),
        ("portfolio_snapshots", "open_positions", "open_positions >= 0"),
    ],
)  # fmt: skip
def test_a_column_takes_what_its_message_takes(table: str, column: str, condition: str) -> None:
    assert checks()[table][column] == condition


def test_a_price_that_rounds_to_nothing_is_stored() -> None:
    """1/100,000 of a dollar is above 0 on the wire and 0.0000 in the database."""
    assert checks()["orders"]["limit_price"] == "limit_price >= 0 AND limit_price <= 10000000"


def test_the_migrations_know_every_rule() -> None:
    frozen = {table: dict(conditions) for table, conditions in FROZEN.items()}
    for (table, column), condition in LATER.items():
        frozen.setdefault(table, {})[column] = condition
    found = {table: said for table, said in checks().items() if said or table not in NEW}
    assert found == frozen
