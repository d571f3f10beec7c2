"""The servers: embedded Kafka and PostgreSQL, or those that the settings name."""
