"""What backtests run on is compiled once per version and machine; that takes some seconds.

`python -m stack.compiling` does it ahead, as `make demo` asks for; otherwise the first backtest
does, and says so.
"""

import os
import sys
from pathlib import Path
from typing import Final

from stack.caches import COMPILED, place_compiled_code

SAID: Final = "compiling what backtests run on: some 20 seconds, once"
LOOP: Final = "desk.*.nbi"  # the compiler's index of what takes longest


def is_cold() -> bool:
    """Tell whether nothing is compiled yet. Called once `place_compiled_code` was."""
    return not any(Path(os.environ[COMPILED]).rglob(LOOP))


def say_if_cold() -> None:
    """Say on stderr that compiling comes first, where it does."""
    if is_cold():
        sys.stderr.write(f"{SAID}\n")
        sys.stderr.flush()


def main() -> None:
    """Compile ahead what every backtest uses."""
    place_compiled_code()
    if not is_cold():
        return
    say_if_cold()
    from flows.backtest.run import load_compiled_code
    from operators.params import Params, equal_weights

    load_compiled_code(Params(), equal_weights())


if __name__ == "__main__":
    main()
