"""Owns G.711 A-law: int16 samples to bytes and back, by tables made on first use."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from tests.sip.tones import Samples


def encode(samples: Samples) -> bytes:
    """A-law bytes of the samples."""
    return _encoding()[samples.astype(np.int32) + 32768].tobytes()


def decode(payload: bytes) -> Samples:
    """The samples of A-law bytes."""
    return _decoding()[np.frombuffer(payload, dtype=np.uint8)]


@cache
def _decoding() -> Samples:
    code = np.arange(256, dtype=np.int32) ^ 0x55
    exponent, mantissa = (code >> 4) & 7, code & 15
    size = np.where(exponent == 0, (mantissa << 4) + 8, ((mantissa << 4) + 0x108) << np.maximum(exponent - 1, 0))
    return np.asarray(np.where(code & 0x80, size, -size), dtype=np.int16)


@cache
def _encoding() -> NDArray[np.uint8]:
    """For every int16 value the code whose decoded value is nearest: exact by construction."""
    decoded = _decoding().astype(np.int32)
    order = np.argsort(decoded)
    middles = (decoded[order][1:] + decoded[order][:-1]) / 2
    places = np.searchsorted(middles, np.arange(-32768, 32768), side="left")
    return np.asarray(order[places], dtype=np.uint8)
