"""Trading: pre-trade checks, account, orders, simulated fills, and the desk that runs them."""
