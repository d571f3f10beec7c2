"""The contracts in kafka/ say what messages/ says, and keep what releases promised."""

import copy
import importlib.util
import json
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from messages.codec import encode
from messages.topics import EVERY_TOPIC
from tests.contracts import broken
from tests.streams import bar, command, raw, scored, signal, weight

KAFKA = Path(__file__).resolve().parents[3] / "kafka"


def load() -> ModuleType:
    path = KAFKA.parent / "scripts/make_contracts.py"
    spec = importlib.util.spec_from_file_location("make_contracts", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


made = load()
FILES: dict[str, str] = made.files()


@pytest.mark.parametrize("name", sorted(FILES))
def test_a_contract_is_not_stale(name: str) -> None:
    found = (KAFKA / name).read_text() if (KAFKA / name).exists() else ""
    assert found == FILES[name], "run `python scripts/make_contracts.py`"


def test_no_contract_is_left_over() -> None:
    there = {f"schemas/{f.name}" for f in (KAFKA / "schemas").iterdir()}
    assert there == {name for name in FILES if name.startswith("schemas/")}


def present() -> dict[str, Any]:
    topics = {t.name: t.schema.__name__ for t in EVERY_TOPIC}
    return {"topics": topics, "schemas": copy.deepcopy(made.schemas())}


def test_what_releases_promised_still_holds() -> None:
    releases = sorted((KAFKA / "released").glob("*.json"))
    assert releases, "freeze a release with `python scripts/make_contracts.py --release VERSION`"
    last = json.loads(releases[-1].read_text())
    assert broken(last, present()) == []


def change(edit: str) -> dict[str, Any]:
    new = present()
    bar_schema, order = new["schemas"]["Bar"], new["schemas"]["OrderRequest"]
    edits: dict[str, Any] = {
        "drop a topic": lambda: new["topics"].pop("market.bars"),
        "drop a field": lambda: bar_schema["properties"].pop("volume"),
        "change a type": lambda: bar_schema["properties"]["volume"].update(type="string"),
        "require a field": lambda: bar_schema["required"].append("revision"),
        "lower a limit": lambda: bar_schema["properties"]["close"].update(maximum=5),
        "take a word": lambda: order["properties"]["side"].update(enum=["BUY"]),
        "new pattern": lambda: bar_schema["properties"]["ticker"].update(pattern="^X$"),
        "add a field": lambda: bar_schema["properties"].update(extra={"type": "string"}),
        "add a topic": lambda: new["topics"].update({"new.facts": "Bar"}),
        "widen a limit": lambda: bar_schema["properties"]["close"].update(maximum=10**9),
        "add a word": lambda: order["properties"]["side"].update(enum=["BUY", "SELL", "HOLD"]),
    }
    edits[edit]()
    return new


@pytest.mark.parametrize(
    ("edit", "said"),
    [
        ("drop a topic", "topic market.bars carried Bar, now None"),
        ("drop a field", "Bar.volume is gone"),
        ("change a type", "Bar.volume was integer, now string"),
        ("require a field", "Bar.revision became required"),
        ("lower a limit", "Bar.close has a lower maximum"),
        ("take a word", "OrderRequest.side lost ['SELL']"),
        ("new pattern", "Bar.ticker has another pattern"),
        ("add a field", None),
        ("add a topic", None),
        ("widen a limit", None),
        ("add a word", None),
    ],
)
def test_the_rule_tells_a_break_from_an_addition(edit: str, said: str | None) -> None:
    assert broken(present(), change(edit)) == ([] if said is None else [said])


@pytest.mark.parametrize("event", [
    bar(1, "AAA", 1), scored(1, "AAA", -1.0), raw(1, "t"), weight(1, "momentum", 0.3),
    signal(1, "AAA", "LONG"), command(1, "close_position", "AAA"),
], ids=lambda e: type(e.body).__name__)  # fmt: skip
def test_what_we_write_fits_its_schema(event: Any) -> None:
    name = type(event.body).__name__
    schema = json.loads((KAFKA / "schemas" / f"{name}.json").read_text())
    Draft202012Validator.check_schema(schema)
    Draft202012Validator(schema).validate(json.loads(encode(event.body)))
