"""Owns the form of an encrypted recording: written in one go, read at any place, each piece proven before a byte of it is out.

A header, then pieces of 64 KiB, each encrypted by AES-256-GCM with 16 bytes of proof behind it. A piece's nonce is its number and
whether it is the last one, so that none can be changed, moved, left out or cut off at the end; the header goes into every proof.
A key encrypts one file once (recordings/keyring.py makes a fresh one for each try), so no nonce is ever used twice.
"""

from __future__ import annotations

import os
import secrets
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import BinaryIO, Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from hotline_core.errors import HotlineError
from recordings.sound import Interrupted
from recordings.store.base import Blob

CIPHER: Final = "aes-256-gcm-pieces"  # as it stands in the rows
PIECE: Final = 64 * 1024
TAG: Final = 16
_HEADER: Final = struct.Struct(">8sI20s")
_MAGIC: Final = b"HLRECv1\n"
_NONCE: Final = struct.Struct(">QI")


class Altered(HotlineError):
    """The stored bytes are not what was written: changed, moved, cut off, or of another recording."""

    code = "recording_altered"


@dataclass(frozen=True, slots=True)
class Sealed:
    """What was written: of the file, and of the sound in it."""

    size: int
    sha256: str
    plain_size: int
    plain_sha256: str


def seal(source: BinaryIO, target: Path, key: bytes, is_stopped: Callable[[], bool] = bool) -> Sealed:
    """Encrypt all of `source` into a new synced 0600 file; Interrupted and OSError leave no file."""
    cipher, header = AESGCM(key), _HEADER.pack(_MAGIC, PIECE, secrets.token_bytes(20))
    stored, plain, size, plain_size = sha256(header), sha256(), len(header), 0
    try:
        with os.fdopen(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600), "wb") as out:
            out.write(header)
            number, piece = 0, _whole_piece(source)
            while True:
                if is_stopped():
                    raise Interrupted
                following = _whole_piece(source) if len(piece) == PIECE else b""
                hidden = cipher.encrypt(_NONCE.pack(number, not following), piece, header)
                out.write(hidden)
                stored.update(hidden)
                plain.update(piece)
                size, plain_size = size + len(hidden), plain_size + len(piece)
                if not following:
                    break
                number, piece = number + 1, following
            out.flush()
            os.fsync(out.fileno())
    except (OSError, Interrupted):
        target.unlink(missing_ok=True)
        raise
    return Sealed(size, stored.hexdigest(), plain_size, plain.hexdigest())


def _whole_piece(source: BinaryIO) -> bytes:
    pieces, left = [], PIECE
    while left and (got := source.read(left)):
        pieces.append(got)
        left -= len(got)
    return b"".join(pieces)


class Opened:
    """An encrypted recording, open for reading; Altered as soon as a byte that is asked for cannot be proven."""

    def __init__(self, blob: Blob, key: bytes) -> None:
        self._blob, self._cipher = blob, AESGCM(key)
        self._header = blob.read_at(0, _HEADER.size)
        body = blob.size - _HEADER.size
        if len(self._header) < _HEADER.size or _HEADER.unpack(self._header)[:2] != (_MAGIC, PIECE) or body < TAG:
            raise Altered
        self._pieces = -(-body // (PIECE + TAG))
        self.size = body - self._pieces * TAG
        if self._pieces > 1 and self.size <= (self._pieces - 1) * PIECE:  # a tail that is no more than a proof
            raise Altered
        self._kept: tuple[int, bytes] = (-1, b"")
        self._piece(self._pieces - 1)  # one that was cut off is refused before its first byte is heard

    def blocks(self, start: int, end: int) -> Iterator[bytes]:
        """The plain bytes from `start` up to and without `end`, in pieces."""
        start, end = max(0, start), min(end, self.size)
        while start < end:
            number, skip = divmod(start, PIECE)
            block = self._piece(number)[skip : skip + end - start]
            yield block
            start += len(block)

    def prove(self, is_stopped: Callable[[], bool] = bool) -> tuple[int, str]:
        """Size and SHA-256 of all of the plain bytes, every piece proven; Interrupted."""
        made = sha256()
        for number in range(self._pieces):
            if is_stopped():
                raise Interrupted
            made.update(self._piece(number))
        return self.size, made.hexdigest()

    def close(self) -> None:
        """Give the file back."""
        self._blob.close()

    def _piece(self, number: int) -> bytes:
        if self._kept[0] != number:
            hidden = self._blob.read_at(_HEADER.size + number * (PIECE + TAG), PIECE + TAG)
            try:
                plain = self._cipher.decrypt(_NONCE.pack(number, number == self._pieces - 1), hidden, self._header)
            except (InvalidTag, ValueError) as error:
                raise Altered from error
            self._kept = (number, plain)
        return self._kept[1]

