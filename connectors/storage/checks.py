"""What the database itself refuses: words no message knows, numbers outside their message's range.

Derived from the messages, so that a rule stands once. The codec refuses the same before; these
hold for whoever else writes: a restore, a hand at psql, a program of later.
"""

from collections.abc import Iterator
from typing import Any, Final, cast

import msgspec
from msgspec import inspect
from sqlalchemy import BigInteger, Column, Enum, Numeric, Table

from connectors.storage import tables as t
from connectors.storage.rows import RENAMED, TARGETS
from messages.base import SMALL_MAX, Unit


class StrategyRow(msgspec.Struct):
    """The bounded columns of `strategies`."""

    current_weight: Unit
    coming_weight: Unit | None


# Tables that no message fills as it is.
OTHERS: Final = ((t.strategies, StrategyRow),)


def checks() -> dict[str, dict[str, str]]:
    """Return table -> column -> the condition that its values meet, as SQL."""
    pairs: list[tuple[Table, type[msgspec.Struct]]] = [(x.table, m) for m, x in TARGETS.items()]
    pairs += OTHERS
    return {table.name: dict(_conditions(table, kind)) for table, kind in pairs}


def _conditions(table: Table, kind: type[msgspec.Struct]) -> Iterator[tuple[str, str]]:
    fields = {f.name: f.type for f in cast("inspect.StructType", inspect.type_info(kind)).fields}
    for column in table.columns:
        found = fields.get(column.name, fields.get(RENAMED.get(column.name, "")))
        if found is None or isinstance(column.type, Enum):  # an Enum has its check already
            continue
        if condition := _condition(column, found):
            yield column.name, condition


def _condition(column: Column[Any], kind: inspect.Type) -> str:
    name = column.name
    if isinstance(kind, inspect.UnionType):  # with None, for which a CHECK passes
        (kind,) = [part for part in kind.types if not isinstance(part, inspect.NoneType)]
    if isinstance(kind, inspect.Metadata):
        kind = kind.type
    if isinstance(kind, inspect.LiteralType):
        words = ", ".join(f"'{word}'" for word in kind.values)
        return f"{name} IN ({words})"
    if not isinstance(kind, inspect.IntType | inspect.FloatType):
        return ""
    # Money is stored to four decimals: what is above 0 on the wire may be 0 here.
    above = ">=" if isinstance(column.type, Numeric) else ">"
    limits = ((above, kind.gt), (">=", kind.ge), ("<", kind.lt), ("<=", kind.le))
    largest = 2**63 if isinstance(column.type, BigInteger) else SMALL_MAX
    return " AND ".join(
        f"{name} {sign} {limit}"
        for sign, limit in limits
        if limit is not None and limit <= largest  # otherwise the column's type says it
    )
