"""Owns a network of a test's own: a fresh namespace with 127.0.0.0/8 alone, and nftables rules that lose or cut what runs on it."""

from __future__ import annotations

import ctypes
import fcntl
import itertools
import os
import socket
import struct
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

CLONE_NEWNET = 0x40000000
SIOCSIFFLAGS = 0x8914
IFF_UP = 0x1
NFT = "/usr/sbin/nft"  # not on everybody's PATH
_NUMBERS = itertools.count(1)


@contextmanager
def own_network() -> Iterator[None]:
    """This thread, and every process and thread it starts from now on, has a loopback interface of its own; root only."""
    libc = ctypes.CDLL(None, use_errno=True)
    before = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
    try:
        if libc.unshare(CLONE_NEWNET) != 0:
            raise OSError(ctypes.get_errno(), "unshare: a network of one's own needs root")
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
            fcntl.ioctl(any_socket, SIOCSIFFLAGS, struct.pack("16sh14x", b"lo", IFF_UP))
        yield
    finally:
        if libc.setns(before, CLONE_NEWNET) != 0:
            raise OSError(ctypes.get_errno(), "setns")
        os.close(before)


def lay_cable(address: str) -> None:
    """An address beside loopback, at a cable that leads nowhere: browsers and Asterisk offer no sound on loopback alone."""
    for act in ("link add far type veth peer near", f"address add {address}/24 dev near", "link set near up", "link set far up"):
        subprocess.run(["ip", *act.split()], check=True, capture_output=True, timeout=10)


@contextmanager
def losing(*matches: str) -> Iterator[None]:
    """Packets that match one of these nftables expressions get lost."""
    name = f"faults{next(_NUMBERS)}"
    rules = "\n".join(f"{match} drop" for match in matches)
    _nft(f"table inet {name} {{\nchain input {{\ntype filter hook input priority 0\n{rules}\n}}\n}}\n")
    try:
        yield
    finally:
        _nft(f"delete table inet {name}")


def share(percent: int, match: str) -> str:
    """So many of a hundred packets that match, by chance."""
    return match if percent >= 100 else f"{match} numgen random mod 100 < {percent}"


def _nft(text: str) -> None:
    done = subprocess.run([NFT, "-f", "-"], input=text, text=True, check=False, capture_output=True, timeout=10)
    assert done.returncode == 0, done.stderr
