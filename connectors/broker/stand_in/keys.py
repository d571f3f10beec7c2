"""The one pair of keys that a stand-in takes."""

from dataclasses import dataclass, field
from hmac import compare_digest


@dataclass(frozen=True, slots=True)
class Keys:
    """An id and its secret, as Alpaca's keys of a paper account."""

    key: str
    secret: str = field(repr=False)

    def fit(self, key: object, secret: object) -> bool:
        """Tell whether somebody has both."""
        return self._same(key, self.key) & self._same(secret, self.secret)

    @staticmethod
    def _same(given: object, known: str) -> bool:
        return isinstance(given, str) and compare_digest(given.encode(), known.encode())
