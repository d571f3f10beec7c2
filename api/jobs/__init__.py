"""Long work that is asked for over HTTP: backtests and proofs, in processes of their own."""
