"""Running systems: the supervisor, health, the demo's run and a live run."""
