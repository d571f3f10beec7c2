"""Alembic migrations; each file is one version."""
