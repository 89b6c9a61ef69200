"""Owns G.711, A-law and mu-law: int16 samples to bytes and back, by tables made on first use."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from tests.sip.tones import Samples


def encode(samples: Samples, *, is_mu: bool = False) -> bytes:
    """A-law bytes of the samples, or mu-law."""
    return _encoding(is_mu)[samples.astype(np.int32) + 32768].tobytes()


def decode(payload: bytes, *, is_mu: bool = False) -> Samples:
    """The samples of A-law bytes, or of mu-law."""
    return _decoding(is_mu)[np.frombuffer(payload, dtype=np.uint8)]


@cache
def _decoding(is_mu: bool) -> Samples:
    if is_mu:
        code = np.arange(256, dtype=np.int32) ^ 0xFF
        size = ((((code & 15) << 3) + 0x84) << ((code >> 4) & 7)) - 0x84
        return np.asarray(np.where(code & 0x80, -size, size), dtype=np.int16)
    code = np.arange(256, dtype=np.int32) ^ 0x55
    exponent, mantissa = (code >> 4) & 7, code & 15
    size = np.where(exponent == 0, (mantissa << 4) + 8, ((mantissa << 4) + 0x108) << np.maximum(exponent - 1, 0))
    return np.asarray(np.where(code & 0x80, size, -size), dtype=np.int16)


@cache
def _encoding(is_mu: bool) -> NDArray[np.uint8]:
    """For every int16 value the code whose decoded value is nearest: exact by construction."""
    decoded = _decoding(is_mu).astype(np.int32)
    order = np.argsort(decoded)
    middles = (decoded[order][1:] + decoded[order][:-1]) / 2
    places = np.searchsorted(middles, np.arange(-32768, 32768), side="left")
    return np.asarray(order[places], dtype=np.uint8)
