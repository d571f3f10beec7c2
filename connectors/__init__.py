"""The outside world: Kafka, the database, feeds, settings."""
