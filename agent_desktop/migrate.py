"""Brings the tickets and people database to its newest form: `python -m agent_desktop.migrate`."""

from __future__ import annotations

import sys
from pathlib import Path

from hotline_core.adapters.migrate import migrate
from hotline_core.errors import SettingsError
from hotline_core.settings import load_settings

TICKETS_MIGRATIONS = Path(__file__).with_name("migrations")
TICKETS_VERSION_TABLE = "alembic_version_tickets"


def migrate_tickets(url: str) -> str:
    """The tickets and people database; the revision reached."""
    return migrate(url, TICKETS_MIGRATIONS, TICKETS_VERSION_TABLE)


def main() -> int:
    """Migrate the tickets database of the settings."""
    try:
        revision = migrate_tickets(load_settings().tickets_url)
    except SettingsError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    sys.stdout.write(f"tickets database at {revision}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
