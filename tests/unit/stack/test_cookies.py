"""The cookie of an API's refresh tokens."""

from pathlib import Path

from stack.commands.api import cookie_name
from stack.home import Home


def test_each_api_of_a_run_has_a_cookie_of_its_own(tmp_path: Path) -> None:
    """Browsers send a host's cookies to each of its ports."""
    home = Home(tmp_path, min_free_bytes=0)
    one, other = (cookie_name(home, "run-1", port) for port in (8421, 8456))
    assert one != other
    assert one == cookie_name(home, "run-1", 8421)
    assert one.replace("_", "").isalnum()
