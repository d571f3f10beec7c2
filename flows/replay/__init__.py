"""Replays of an archive: each recorded day is made again, compared, cut, changed and explained."""
