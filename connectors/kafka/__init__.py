"""The ordered log on Kafka: layout, merged source, checked sink."""
