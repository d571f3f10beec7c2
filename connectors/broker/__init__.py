"""The broker seam: one interface, and the brokers behind it."""
