"""Owns what opens recordings, put together from the settings: stores, keys, and the reader over both."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Engine, select

from hotline_core.adapters.calls_schema import RECORDINGS, SEGMENTS
from hotline_core.adapters.engine import reading
from hotline_core.settings import Settings
from recordings.keyring import Keyring
from recordings.reading import Reader
from recordings.store.stores import Stores

KEYED: Final = ("ready", "missing")  # whose sound is to be heard again: their keys must be there


@dataclass(frozen=True, slots=True)
class Cabinet:
    """One for a process; all of it may be used from several threads."""

    stores: Stores
    keyring: Keyring
    reader: Reader


def open_cabinet(settings: Settings, calls: Engine | None = None) -> Cabinet:
    """`calls`: given by who makes recordings (the worker alone); without it neither keys nor master keys are ever made.

    Nothing is read yet: what is missing is told by `keyring.begin`, or when a recording is opened.
    """
    stores = Stores(settings.paths.recordings, settings.archive)
    may_begin: Callable[[], bool] = bool if calls is None else lambda: not has_encrypted(calls)
    keyring = Keyring(settings.paths.recording_keys, settings.masters_file, may_begin)
    return Cabinet(stores, keyring, Reader(stores, keyring))


def has_encrypted(calls: Engine) -> bool:
    """Whether there is a recording that only its key opens; SQLAlchemyError goes through."""
    with reading(calls) as connection:
        for table in (RECORDINGS, SEGMENTS):
            query = select(table.c.call_id).where(table.c.state.in_(KEYED), table.c.cipher.is_not(None)).limit(1)
            if connection.execute(query).first() is not None:
                return True
    return False
