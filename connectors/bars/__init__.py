"""Live bars: which tickers are followed, their history, and every bar once and in order."""
