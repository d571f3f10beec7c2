"""The archive: every topic by session day as Parquet, and the flows' states at each close."""
