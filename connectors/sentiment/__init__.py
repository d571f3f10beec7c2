"""The tiers that score: instant, FinBERT, Ollama; their order, their cache, their facts."""
