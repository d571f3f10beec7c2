"""The garbage collector of a long-running process."""

import gc


def settle_memory() -> None:
    """Leave what is loaded out of garbage collection, and collect the rest less often.

    Called once, when all modules are imported: a full collection over them takes longer than a
    block, or a backtest.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)
