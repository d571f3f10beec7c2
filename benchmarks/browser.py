"""The system's Chromium, for what looks at the dashboard: benchmarks, pictures, tests."""

import shutil

from playwright.sync_api import Browser, Playwright

NAMES = ("chromium", "chromium-browser", "google-chrome")


def chromium(playwright: Playwright) -> Browser:
    """Start it, without a window.

    Raises:
        FileNotFoundError: there is none.
    """
    path = next(filter(None, map(shutil.which, NAMES)), None)
    if path is None:
        reason = "Chromium is missing: scripts/install_servers.sh installs it."
        raise FileNotFoundError(reason)
    return playwright.chromium.launch(
        executable_path=path, args=["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
    )
