"""The compatibility rule of kafka/TOPICS.md as a function."""

from collections.abc import Iterator
from typing import Any

FLOORS = ("minimum", "exclusiveMinimum", "minLength", "minItems")
CEILINGS = ("maximum", "exclusiveMaximum", "maxLength", "maxItems")


def broken(old: dict[str, Any], new: dict[str, Any]) -> list[str]:
    """Return what a new set of topics and schemas breaks of an old one, in words."""
    found = []
    for topic, message in old["topics"].items():
        if new["topics"].get(topic) != message:
            found.append(f"topic {topic} carried {message}, now {new['topics'].get(topic)}")
    for name, schema in old["schemas"].items():
        if name in new["schemas"]:
            found += _object(name, schema, new["schemas"][name], schema, new["schemas"][name])
    return found


def _object(
    at: str, old: dict[str, Any], new: dict[str, Any], old_top: Any, new_top: Any
) -> Iterator[str]:
    for field in set(new.get("required", ())) - set(old.get("required", ())):
        yield f"{at}.{field} became required"
    for field, spec in old.get("properties", {}).items():
        if field not in new.get("properties", {}):
            yield f"{at}.{field} is gone"
        else:
            yield from _value(f"{at}.{field}", spec, new["properties"][field], old_top, new_top)


def _value(
    at: str, old: dict[str, Any], new: dict[str, Any], old_top: Any, new_top: Any
) -> Iterator[str]:
    old, new = _resolve(old, old_top), _resolve(new, new_top)
    if "anyOf" in old or "anyOf" in new:
        kinds = [{_kind(o) for o in side.get("anyOf", [side])} for side in (old, new)]
        if not kinds[0] <= kinds[1]:
            yield f"{at} was {sorted(kinds[0])}, now {sorted(kinds[1])}"
        return
    if _kind(old) != _kind(new):
        yield f"{at} was {_kind(old)}, now {_kind(new)}"
        return
    for words in ("enum",):
        gone = set(old.get(words, ())) - set(new.get(words, old.get(words, ())))
        if gone:
            yield f"{at} lost {sorted(gone)}"
    for limit in FLOORS:
        if limit in new and new[limit] > old.get(limit, float("-inf")):
            yield f"{at} has a higher {limit}"
    for limit in CEILINGS:
        if limit in new and new[limit] < old.get(limit, float("inf")):
            yield f"{at} has a lower {limit}"
    if new.get("pattern") != old.get("pattern"):
        yield f"{at} has another pattern"
    if "properties" in old:
        yield from _object(at, old, new, old_top, new_top)
    if isinstance(old.get("items"), dict):
        yield from _value(f"{at}[]", old["items"], new.get("items", {}), old_top, new_top)


def _resolve(spec: dict[str, Any], top: dict[str, Any]) -> dict[str, Any]:
    reference = spec.get("$ref")
    if reference is None:
        return spec
    resolved: dict[str, Any] = top["$defs"][reference.rsplit("/", 1)[-1]]
    return resolved


def _kind(spec: dict[str, Any]) -> str:
    return f"{spec.get('type', spec.get('$ref', 'any'))} {spec.get('format', '')}".strip()
