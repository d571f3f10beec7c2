"""Metrics as Prometheus reads them: a page that came whole, or none."""

import urllib.request
from http.client import HTTPException


def scrape(port: int) -> str | None:
    """Return the metrics page served on a loopback port; None if it did not come whole.

    A process that ends while it answers leaves a status line without headers, or headers without
    the page; both read like a page that is empty, and neither says anything.
    """
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as answer:
            length = answer.headers["Content-Length"]
            page = answer.read()
    except (OSError, HTTPException):
        return None
    return page.decode() if length is not None and len(page) == int(length) else None
