"""Owns the choice of a port that is still free when its server takes it.

The kernel gives every connection going out a port of its own range (32768-60999 here), at any moment; a port found there
and given back may be gone before the server binds it. So these come from below that range and above the RTP of the
tests' instances (10000-29899). Each worker of a parallel run chooses from its own part of both: two Asterisks may share
a range of RTP, but who sprays one's ports with packets gets the other's sound.
"""

from __future__ import annotations

import os
import random
import socket
from contextlib import ExitStack, closing

_FIRST, _PART, _PARTS = 30000, 690, 4  # up to 32759
_RTP_FIRST, _RTP_PART, _RTP_RANGE = 10000, 5000, 1000


def free_port(local_ip: str = "127.0.0.1") -> int:
    """A port nobody has just now, neither for TCP nor for UDP; OSError when 200 tries found none."""
    return _free(local_ip, together=1)


def free_media_port(local_ip: str = "127.0.0.1") -> int:
    """An even port nobody has just now, the odd one above it free too, as RTP likes it (RFC 3550, 11)."""
    return _free(local_ip, together=2)


def rtp_range() -> int:
    """The first port of a range of 900 for an instance's RTP."""
    return random.SystemRandom().randrange(_RTP_FIRST + _part() * _RTP_PART, _RTP_FIRST + (_part() + 1) * _RTP_PART, _RTP_RANGE)


def _part() -> int:
    """This worker's; a run without workers takes any, so that two such runs seldom meet."""
    worker = os.environ.get("PYTEST_XDIST_WORKER", "").removeprefix("gw")
    return int(worker or os.getpid()) % _PARTS


def _free(local_ip: str, *, together: int) -> int:
    first = _FIRST + _part() * _PART
    for _ in range(200):
        port = random.SystemRandom().randrange(first, first + _PART, together)
        with ExitStack() as held:
            try:
                for number in range(port, port + together):
                    for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM):
                        held.enter_context(closing(socket.socket(socket.AF_INET, kind))).bind((local_ip, number))
            except OSError:
                continue
            return port
    raise OSError(f"no free port in {first}-{first + _PART}")
