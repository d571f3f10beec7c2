"""Tables of a terminal's text, laid out by Rich."""

from collections.abc import Iterable, Sequence
from io import StringIO
from typing import Final

from stack.errors import shown

WIDE: Final = 10_000  # columns of the console that nothing is wrapped in


def text_table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return rows under a head, each column as wide as its widest cell; nothing is cut off.

    Args:
        head: names of the columns; one that begins with ">" is aligned right.
        rows: of as many cells as the head has; what would move a terminal is an escape.
    """
    # Imported here: a backtest that prints JSON needs no table.
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="")
    for name in head:
        right = name.startswith(">")
        table.add_column(Text(name.lstrip(">")), justify="right" if right else "left", no_wrap=True)
    for row in rows:
        table.add_row(*(Text(shown(cell)) for cell in row))
    out = StringIO()
    Console(file=out, width=WIDE, color_system=None).print(table)
    return "\n".join(line.rstrip() for line in out.getvalue().rstrip("\n").split("\n"))
