"""Puts the dashboard's built files into the wheel, where there are any."""

from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class BuiltDashboard(BuildHookInterface[Any]):
    """Called by hatchling for each build; an editable one serves the files of the checkout."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Add the files."""
        built = Path(self.root) / "dashboard" / "dist"
        if version != "editable" and (built / "index.html").is_file():
            build_data["shared_data"][str(built)] = "share/tidewire/dashboard"
