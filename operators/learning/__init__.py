"""Learning: each closed trade judged, its profit credited to the strategies behind it."""
