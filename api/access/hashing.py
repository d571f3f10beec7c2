"""What is kept of a token that was given out: its hash, which nobody can use."""

import hashlib


def hash_of(token: str) -> str:
    """Return SHA-256 in hex, of a token that is random and long."""
    return hashlib.sha256(token.encode()).hexdigest()
