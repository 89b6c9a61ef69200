"""Owns the making of a finished recording: a call's plain parts become one Opus file, encrypted, synced, and in the local store."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from recordings.keyring import Keyring
from recordings.naming import Piece
from recordings.opus import CODEC, Encoded, encode, encoding_file
from recordings.sound import Segment, stereo_blocks
from recordings.store.folder import Folder
from recordings.vault import CIPHER, Sealed, seal


@dataclass(frozen=True, slots=True)
class Made:
    """A draft in the store; `values` are the columns of its row that tell what lies there."""

    path: str
    sealed: Sealed
    encoded: Encoded

    @property
    def values(self) -> dict[str, object]:
        """For recordings and segments alike."""
        return {
            "path": self.path, "length_s": self.encoded.length_s, "store": "local", "cipher": CIPHER, "codec": CODEC,
            "size": self.sealed.size, "sha256": self.sealed.sha256,
            "plain_size": self.sealed.plain_size, "plain_sha256": self.sealed.plain_sha256,
        }  # fmt: skip


def make_draft(
    piece: Piece, path: str, segments: Sequence[Segment], store: Folder, keyring: Keyring, is_stopped: Callable[[], bool]
) -> Made:
    """Write the draft of `path`, with a fresh key; `store.adopt(path)` then gives it its name.

    Interrupted, BadSound, OSError, sqlite3.Error and SetupError leave no file. Plain sound is in memory alone meanwhile.
    The key comes first: without one nothing is encoded for nothing.
    """
    key = keyring.make(piece)
    with encoding_file() as file:
        frames = sum(segment.frames for segment in segments)
        encoded = encode(stereo_blocks(segments, is_stopped), frames, file)
        return Made(path, seal(file, store.draft(path), key, is_stopped), encoded)
