"""Owns the way from a row to an ear: opens the stored file, decrypts it piece by piece, and gives out any range of it.

What comes out is the kept sound (Ogg Opus, or the WAV of old recordings) or, on demand, WAV made while it is read. Synchronous:
call it off the event loop. Who may hear it, and that it is written down, is the caller's (agent_desktop).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from hotline_core.domain.records import RecordingRow, SegmentRow
from hotline_core.errors import NotFound
from recordings.keyring import Keyring
from recordings.naming import Piece
from recordings.opus import CODEC, MEDIA_TYPE, WAV_MEDIA_TYPE, Decoded
from recordings.store.base import Blob
from recordings.store.stores import Stores
from recordings.vault import CIPHER, Altered, Opened

BLOCK: Final = 64 * 1024
Row = RecordingRow | SegmentRow


@dataclass(frozen=True, slots=True)
class Sound:
    """One recording, open; `blocks(start, end)` gives the bytes from start up to and without end. Close it.

    While blocks are read: Altered (not what was written), OSError (the store does not answer).
    """

    size: int
    media_type: str
    suffix: str  # .ogg or .wav
    blocks: Callable[[int, int], Iterator[bytes]]
    close: Callable[[], None]


class Reader:
    """Opens recordings of any store, encrypted or of before."""

    def __init__(self, stores: Stores, keyring: Keyring) -> None:
        self.stores, self._keyring = stores, keyring

    def open(self, row: Row) -> Sound:
        """The sound as it is kept.

        NotFound recording_not_ready, recording_missing, no_key, unknown_store; Altered; SetupError no_master, wrong_key.
        """
        if row.state != "ready" or not row.path:
            raise NotFound("recording_failed" if row.state == "failed" else f"recording_{row.state}")
        blob = self.stores.of(row.store).open(row.path)
        is_opus = row.codec == CODEC
        media_type, suffix = (MEDIA_TYPE, ".ogg") if is_opus else (WAV_MEDIA_TYPE, ".wav")
        if row.cipher is None:
            return Sound(blob.size, media_type, suffix, lambda start, end: _plain(blob, start, end), blob.close)
        try:
            opened = self._opened(row, blob)
        except BaseException:
            blob.close()
            raise
        return Sound(opened.size, media_type, suffix, opened.blocks, opened.close)

    def wav(self, row: Row) -> Sound:
        """The same as WAV, whatever it is kept as; errors as of `open`, and BadSound."""
        kept = self.open(row)
        if kept.suffix == ".wav":
            return kept
        try:
            decoded = Decoded(kept.blocks(0, kept.size))
        finally:
            kept.close()
        return Sound(decoded.size, WAV_MEDIA_TYPE, ".wav", decoded.blocks, decoded.close)

    def _opened(self, row: Row, blob: Blob) -> Opened:
        if row.cipher != CIPHER:
            raise Altered(cipher=row.cipher)
        return Opened(blob, self._keyring.key(Piece(row.call_id, row.leg)))


def _plain(blob: Blob, start: int, end: int) -> Iterator[bytes]:
    start, end = max(0, start), min(end, blob.size)
    while start < end:
        block = blob.read_at(start, min(BLOCK, end - start))
        if not block:
            raise Altered
        yield block
        start += len(block)
