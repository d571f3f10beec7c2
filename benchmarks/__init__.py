"""Measurements: `make bench`; speed claims come from here and nowhere else."""
