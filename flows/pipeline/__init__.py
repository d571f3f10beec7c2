"""What every flow is built with: the engine's seam, assembly between topics, asynchronous steps."""
