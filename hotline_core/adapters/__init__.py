"""Thin shells over files, databases, Redis and tasks."""
