"""Imported by Python as it starts: see `Waits.REAL` of `tests.moved_clock`.

A live run's clock compares the wall clock with `time.monotonic_ns`; everything else waits by
`time.monotonic`, which stays real.
"""

import time

vars(time)["monotonic_ns"] = lambda: time.clock_gettime_ns(time.CLOCK_BOOTTIME)
