"""The migrations of the people's tables: one schema for all runs of an installation."""
