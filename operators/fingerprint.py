"""A fingerprint of rules and constants, for the compiler's cache.

The cache knows when a function's own file has changed, not when what it calls or reads from
another module has: a cached loop would go on under old rules. So entry points carry a fingerprint
of these modules as a constant of their own, which is part of the cache's key.
"""

from hashlib import blake2b
from types import CodeType, ModuleType
from typing import Any

PLAIN = (bool, int, float, str, bytes, type(None))


def fingerprint(*modules: ModuleType) -> str:
    """Return a hash over the modules' functions and plain constants.

    It depends on what they compute, not on comments or on where they lie.
    """
    digest = blake2b(digest_size=8)
    for module in modules:
        for name, value in sorted(vars(module).items()):
            if not name.startswith("__"):
                digest.update(f"{module.__name__}.{name}={_words(value)};".encode())
    return digest.hexdigest()


def _words(value: Any) -> str:
    code = getattr(getattr(value, "py_func", value), "__code__", None)
    if isinstance(code, CodeType):
        return _code(code)
    if isinstance(value, tuple):
        return ",".join(map(_words, value))
    return repr(value) if isinstance(value, PLAIN) else ""


def _code(code: CodeType) -> str:
    consts = [c if isinstance(c, PLAIN) else "" for c in code.co_consts[1:]]  # not the docstring
    return f"{code.co_code.hex()}{code.co_names}{consts}"
