"""The vital signs that the processes of a run leave in files, for whoever looks from outside."""

import json
from pathlib import Path
from typing import Any, Final

STALE_S: Final = 10.0  # after which a process that writes every second is silent


def vitals_of(run: Path, label: str) -> dict[str, Any]:
    """Return what a flow's process wrote last; empty before its first word."""
    return told_in(run / "status" / f"{label}.json")


def told_in(file: Path) -> dict[str, Any]:
    """Return what a file of signs says; empty where there is none, or no JSON."""
    try:
        found: dict[str, Any] = json.loads(file.read_text())
    except (OSError, ValueError):
        return {}
    return found
