"""Alembic's entry for the calls database."""

from hotline_core.adapters.migrate import run_env

run_env()
