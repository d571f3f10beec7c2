"""Backtests: the operators in a closed loop over files, an archive or the database."""
