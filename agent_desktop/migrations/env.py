"""How Alembic reaches the migrations of the tickets and people database."""

from hotline_core.adapters.migrate import run_env

run_env()
