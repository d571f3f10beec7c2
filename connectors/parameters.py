"""Operators' parameters as plain values and as settings by name, checked."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import Any

from pydantic import TypeAdapter, ValidationError

from messages.errors import TidewireError
from operators.params import Params


class ParameterInvalid(TidewireError, ValueError):
    """A parameter is unknown, or its value is out of range. Operator action: see the message."""


def parse_setting(text: str) -> tuple[str, str, str]:
    """Read `strategies.momentum.weight=0` or `risk.cooldown_minutes=45`.

    Raises:
        ParameterInvalid: it is not of that form.
    """
    path, equals, value = text.partition("=")
    parts = path.removeprefix("strategies.").split(".")
    if not equals or len(parts) != 2:
        reason = f"--set {text}: write GROUP.NAME=VALUE, such as strategies.momentum.weight=0."
        raise ParameterInvalid(reason)
    return parts[0], parts[1], value


def with_settings(params: Params, settings: Iterable[tuple[str, str, str]]) -> Params:
    """Return parameters with some set by name.

    Args:
        params: to start from.
        settings: (group, name, value) each.

    Raises:
        ParameterInvalid: a name is unknown, or a value is out of range.
    """
    values = asdict(params)
    for group, name, value in settings:
        if name not in values.get(group, {}):
            known = ", ".join(f"{g}.{n}" for g in values for n in values[g])
            reason = f"{group}.{name}: there is no such parameter; there are {known}."
            raise ParameterInvalid(reason)
        values[group][name] = value
    return params_of(values)


def params_of(values: Mapping[str, Any]) -> Params:
    """Return parameters from plain values; what is not named has its default.

    Raises:
        ParameterInvalid: a name is unknown, or a value is out of range.
    """
    known = asdict(Params())
    for group, named in values.items():
        if group not in known or (unknown := set(named) - set(known[group])):
            name = group if group not in known else f"{group}.{min(unknown)}"
            reason = f"{name}: there is no such parameter."
            raise ParameterInvalid(reason)
    try:
        return TypeAdapter(Params).validate_python(dict(values))
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(map(str, first["loc"]))
        reason = f"{where}={first['input']}: {first['msg']}."
        raise ParameterInvalid(reason) from None


def params_dict(params: Params) -> dict[str, Any]:
    """Return parameters as plain JSON values."""
    plain: dict[str, Any] = TypeAdapter(Params).dump_python(params, mode="json")
    return plain
