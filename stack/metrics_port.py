"""The port on which a process of a run serves its metrics."""

import json

from connectors.runs import Run
from stack.home import is_free


def metrics_port(run: Run, label: str) -> int:
    """Return the port a process had before if it is free, so that a scraper finds it again; or 0.

    Args:
        run: that the process belongs to.
        label: of the process, such as `signals-0`.
    """
    try:
        port = int(json.loads(run.path("status", f"{label}.json").read_text())["metrics_port"])
    except (FileNotFoundError, KeyError, ValueError):
        return 0
    return port if is_free(port) else 0
