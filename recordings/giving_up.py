"""Owns the operator's way on when keys or master keys are lost for good: the old ones are given up, and new ones begin.

Never by itself: what is only away would be hidden by a new file in its place. Refused while a copy is to be had.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from sqlalchemy import Engine

from hotline_core.adapters.audit import write_audit
from hotline_core.adapters.engine import writing
from hotline_core.errors import SetupError
from hotline_core.settings import Settings
from recordings.cabinet import has_encrypted
from recordings.key_copies import copy_of, missed
from recordings.keyring import Keyring
from recordings.masters import load_masters, load_or_make_masters

LONGEST_REASON: Final = 500


def give_up(settings: Settings, calls: Engine, tickets: Engine, reason: str, now: float) -> tuple[str, ...]:
    """Make what is missing of the two files, the audit row first; the names of those made.

    SetupError no_reason; nothing_missing; bad_masters (a spoilt file is moved away first); masters_in_backup; keys_to_bring.
    SQLAlchemyError, sqlite3.Error, OSError: then nothing was made.
    """
    reason = reason.strip()
    if not reason or len(reason) > LONGEST_REASON:
        raise SetupError("no_reason", most=LONGEST_REASON)
    home = Keyring(settings.paths.recording_keys, settings.masters_file)
    missing = [file for file in (settings.masters_file, settings.paths.recording_keys) if not file.exists()]
    if not missing or not has_encrypted(calls):
        raise SetupError("nothing_missing")
    if settings.masters_file in missing:
        if there := _masters_in_backup(settings):
            raise SetupError("masters_in_backup", file=there)
    else:
        load_masters(settings.masters_file)
        if (copy := copy_of(settings)) is not None and (count := missed(home, copy, calls).there):
            raise SetupError("keys_to_bring", count=count, copy=copy.path)
    names = tuple(file.name for file in missing)
    with writing(tickets) as connection:
        facts = {"reason": reason, "files": ", ".join(names)}
        write_audit(connection, at=now, actor="operator", act="recording_keys_given_up", subject="recordings", facts=facts)
    load_or_make_masters(settings.masters_file)
    home.make_file()
    return names


def _masters_in_backup(settings: Settings) -> Path | None:
    """The newest copy in a backup, if there is one."""
    if settings.backup is None or not settings.backup.is_dir():
        return None
    found = sorted(settings.backup.glob(f"*Z/home/{settings.masters_file.name}"))
    found += sorted(settings.backup.glob(f"*Z/outside/*-{settings.masters_file.name}"))
    return found[-1] if found else None
