"""Feeds: recorded input, and the simulated exchange that records a day of its own."""
