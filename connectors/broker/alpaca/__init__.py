"""Alpaca: its trading and market data by alpaca-py, with bounds of our own round it."""
