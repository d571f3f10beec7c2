"""Write kafka/'s contracts from messages/: `python scripts/make_contracts.py`.

A test fails while one is stale. `--release VERSION` also freezes the present schemas as those of
a release, against which later ones are checked for compatibility.
"""

import json
import sys
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from connectors.kafka.headers import RUN, SEAL, SEQ, STAMP, TICK
from connectors.telemetry import TRACEPARENT
from connectors.version import VERSION
from messages.codec import model_of
from messages.flows import PAPER, is_archived
from messages.topics import EVERY_TOPIC, Topic

KAFKA = Path(__file__).resolve().parent.parent / "kafka"
DRAFT = "https://json-schema.org/draft/2020-12/schema"
WRITABLE = ("news.raw", "market.bars", "control.requests")
HEADERS = {
    STAMP: "When the system knew it: microseconds since 1970-01-01 UTC, in decimal digits. A "
    "record without it takes the running maximum of its partition.",
    SEQ: "Counts this partition's records from 0; a repeated number is a repeat: drop it.",
    RUN: "The run that wrote it. stamp, seq and tick count only beside the run's own name.",
    TICK: "The record has no body: its writer has finished everything before `stamp`. `1`, or "
    "`end` when nothing more will come. External consumers skip records with this header.",
    SEAL: "On topics that others write too (`news.raw`, `market.bars`, `control.commands`, "
    "`control.requests`): the run's own word that the record is its own; docs/kafka.md.",
    TRACEPARENT: "W3C trace context. The trace id is a function of run and stamp: all that one "
    "moment led to, in every topic, is one trace.",
}


def schema_of(message: type[Any]) -> dict[str, Any]:
    """Return a message's JSON Schema as published."""
    model: type[BaseModel] = model_of(message)
    found = model.model_json_schema(mode="validation")
    return {"$schema": DRAFT, "$id": f"{message.__name__}.json", **found}


def schemas() -> dict[str, dict[str, Any]]:
    """Return every message's schema by name."""
    return {t.schema.__name__: schema_of(t.schema) for t in EVERY_TOPIC}


def catalogue() -> list[dict[str, Any]]:
    """Return what there is to know of each topic."""
    return [
        {
            "topic": t.name,
            "message": t.schema.__name__,
            "schema": f"schemas/{t.schema.__name__}.json",
            "key": t.key,
            "partitions": "1" if t.single else "as the run has",
            "copies": "one on each partition" if t.broadcast else "one",
            "outsiders": "read and write" if t.name in WRITABLE else "read",
            "archived": is_archived(t),
        }
        for t in EVERY_TOPIC
    ]


def asyncapi() -> dict[str, Any]:
    """Return the AsyncAPI 3 document."""
    channels = {t.name: _channel(t) for t in EVERY_TOPIC}
    operations = {f"read.{t.name}": _operation(t, "receive") for t in EVERY_TOPIC}
    operations |= {
        f"write.{t.name}": _operation(t, "send") for t in EVERY_TOPIC if t.name in WRITABLE
    }
    headers = {
        "type": "object",
        "properties": {n: {"type": "string", "description": d} for n, d in HEADERS.items()},
    }
    messages = {
        name: {
            "name": name,
            "contentType": "application/json",
            "headers": {"$ref": "#/components/schemas/Headers"},
            "payload": {
                "schemaFormat": "application/schema+json;version=draft-2020-12",
                "schema": {"$ref": f"schemas/{name}.json"},
            },
        }
        for name in schemas()
    }
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Tidewire topics",
            "version": VERSION,
            "description": "Facts of news, market and trading. See TOPICS.md for the rules.",
            "license": {"name": "Apache-2.0"},
        },
        "defaultContentType": "application/json",
        "servers": {"broker": {"host": "127.0.0.1:{port}", "protocol": "kafka",
                               "variables": {"port": {"description": "see `tidewire status`"}}}},
        "channels": channels,
        "operations": operations,
        "components": {"messages": messages, "schemas": {"Headers": headers}},
    }  # fmt: skip


def _channel(topic: Topic[Any]) -> dict[str, Any]:
    name = topic.schema.__name__
    return {
        "address": "{prefix}" + topic.name,
        "title": topic.name,
        "description": f"Keyed by {topic.key}.",
        "parameters": {"prefix": {"description": "`tidewire-<run>.`, see `tidewire topics`"}},
        "messages": {name: {"$ref": f"#/components/messages/{name}"}},
    }


def _operation(topic: Topic[Any], action: str) -> dict[str, Any]:
    channel = topic.name.replace("~", "~0").replace("/", "~1")
    return {
        "action": action,
        "channel": {"$ref": f"#/channels/{channel}"},
        "messages": [{"$ref": f"#/channels/{channel}/messages/{topic.schema.__name__}"}],
    }


def page() -> str:
    """Return TOPICS.md."""
    rows = [
        f"| {c['topic']} | [{c['message']}]({c['schema']}) | {c['key']} | {c['partitions']} "
        f"| {c['outsiders']} | {'yes' if c['archived'] else 'no'} |"
        for c in catalogue()
    ]
    owners = [f"| {t.name} | {flow} |" for t in EVERY_TOPIC if (flow := PAPER.dead_letters_of(t))]
    return "\n".join(
        [
            (KAFKA / "TOPICS.head.md").read_text().rstrip(),
            "",
            "## Topics",
            "",
            "| topic | message | key | partitions | outsiders may | archived |",
            "|---|---|---|---|---|---|",
            *rows,
            "",
            "## Headers",
            "",
            "| header | meaning |",
            "|---|---|",
            *(f"| `{name}` | {text} |" for name, text in HEADERS.items()),
            "",
            "## Who writes dead letters",
            "",
            "What cannot be read from a topic goes to `<topic>.dlq`, once, by one flow.",
            "",
            "| topic | flow |",
            "|---|---|",
            *owners,
            "",
        ]
    )


def files() -> dict[str, str]:
    """Return every generated file: path below kafka/ -> text."""
    made = {f"schemas/{name}.json": _json(schema) for name, schema in schemas().items()}
    return {
        **made,
        "topics.json": _json(catalogue()),
        "asyncapi.json": _json(asyncapi()),
        "TOPICS.md": page(),
    }


def released(version: str) -> None:
    """Freeze the present schemas and topics as those of a release."""
    frozen = {
        "version": version,
        "topics": {t.name: t.schema.__name__ for t in EVERY_TOPIC},
        "schemas": schemas(),
    }
    (KAFKA / "released").mkdir(exist_ok=True)
    (KAFKA / "released" / f"{version}.json").write_text(_json(frozen))


def _json(value: Any) -> str:
    return json.dumps(value, indent=1) + "\n"


def main() -> None:
    """Write every file."""
    for name, text in files().items():
        (KAFKA / name).parent.mkdir(exist_ok=True)
        (KAFKA / name).write_text(text)
    if "--release" in sys.argv:
        released(sys.argv[sys.argv.index("--release") + 1])


if __name__ == "__main__":
    main()
