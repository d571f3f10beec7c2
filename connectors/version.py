"""The program's version; the contracts' too."""

from typing import Final

VERSION: Final = "0.2.0"
