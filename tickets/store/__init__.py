"""Tickets in the database: each act with its step and its audit row in one transaction."""
