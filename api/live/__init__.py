"""What happens, as it happens: the run's topics told to whoever listens on /ws."""
