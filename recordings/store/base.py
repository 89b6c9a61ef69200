"""Owns what a store of recordings can do, so that an object store can stand beside the folders."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Protocol


class Blob(Protocol):
    """One stored file, open for reading; safe to read from one thread at a time and to close from another.

    OSError if the store does not answer, ValueError of a read once it is closed.
    """

    @property
    def size(self) -> int:
        """In bytes."""

    def read_at(self, offset: int, length: int) -> bytes:
        """So many bytes from there, fewer only at the end."""

    def close(self) -> None:
        """Give it back; never waits for a read, and does nothing the second time."""


class Store(Protocol):
    """Files by their paths (`2026/11/22/ID.ogg.enc`), whole or not there at all. OSError if it does not answer."""

    @property
    def name(self) -> str:
        """As it stands in the rows."""

    def put(self, path: str, source: Path) -> None:
        """Take a finished file in under this path; durable when this returns, and never half there. `source` stays."""

    def open(self, path: str) -> Blob:
        """Open for reading; NotFound recording_missing."""

    def has(self, path: str) -> bool:
        """Whether it is there."""

    def remove(self, path: str) -> bool:
        """Take it away, durably; whether it was there."""

    def digest(self, path: str, *, is_stopped: Callable[[], bool] = bool) -> tuple[int, str]:
        """Size and SHA-256 of the stored bytes, read again from where they lie; NotFound recording_missing, Interrupted."""

    def paths(self) -> Iterator[str]:
        """Every path, in order; drafts are not among them."""

    def free_mb(self) -> int | None:
        """Room left, None where there is no end to it."""

