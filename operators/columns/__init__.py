"""The signals' and the desk's work over columns: thousands of bars in one compiled step.

The same rules as the desk's and the same recurrences as the strategies', driven over arrays
instead of messages; what they decide is columns too. A property test holds the two ways equal.
"""
