"""The routes, a family each."""
