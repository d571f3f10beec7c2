"""Evidence of what learning is worth: `make evidence`."""
