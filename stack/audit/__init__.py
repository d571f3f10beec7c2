"""The audit: inputs, topics and database read independently and held against each other."""
