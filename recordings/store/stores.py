"""Owns which stores there are: the local folder where everything comes first, and the archive of the settings."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from hotline_core.errors import NotFound
from recordings.store.base import Store
from recordings.store.folder import Folder

LOCAL: Final = "local"
ARCHIVE: Final = "archive"


class Stores:
    """By the names that stand in the rows."""

    def __init__(self, local: Path, archive: Path | None = None) -> None:
        self.local = Folder(LOCAL, local)
        self.archive: Folder | None = None if archive is None else Folder(ARCHIVE, archive, is_mounted=True)

    @property
    def all(self) -> tuple[Folder, ...]:
        """Each of them."""
        return (self.local,) if self.archive is None else (self.local, self.archive)

    def of(self, name: str | None) -> Store:
        """The store of a row; NotFound unknown_store when the settings name it no more."""
        found = next((store for store in self.all if store.name == (name or LOCAL)), None)
        if found is None:
            raise NotFound("unknown_store", store=name)
        return found
