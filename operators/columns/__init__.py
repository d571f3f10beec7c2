"""The signals' and the desk's work over columns: thousands of bars in one compiled step.

The same rules as the desk's and the same recurrences as the strategies', driven over arrays
instead of messages; what they decide is columns too. A property test holds the two ways equal.
"""

from numba.extending import register_jitable

from operators.jitable import MARKED
from operators.trading import arithmetic

__all__ = ["arithmetic"]  # imported for its functions, which are marked by now
for _function in MARKED:
    register_jitable(_function)
