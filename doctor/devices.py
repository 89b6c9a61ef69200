"""Follows a folder down to the block devices below it, and tells whether one on the way encrypts."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

Kind = Literal["encrypted", "memory", "plain", "unknown"]
MEMORY = frozenset({"tmpfs", "ramfs"})
ENCRYPTING = frozenset({"ecryptfs", "fuse.gocryptfs", "fuse.cryfs", "fuse.encfs"})
# dm-crypt's own prefix of a mapping's uuid: LUKS1, LUKS2, plain
CRYPT = "CRYPT-"


@dataclass(frozen=True, slots=True)
class Mount:
    """One line of /proc/self/mountinfo: device as `major:minor`, where, which file system, from which source."""

    device: str
    place: str
    kind: str
    source: str


def kind_of(folder: Path, mountinfo: Path = Path("/proc/self/mountinfo"), sys: Path = Path("/sys")) -> Kind:
    """Where this folder lies: on an encrypted device, in memory, on a plain device, or where nobody here can tell.

    Unknown are what the network or another machine holds, file systems that encrypt by their own means (ZFS), and
    layered ones (overlay). A cloud's or a storage's own encryption below the disk looks plain from here.
    """
    mount = mount_of(folder, mountinfo.read_text(encoding="utf-8", errors="replace"))
    if mount is None:
        return "unknown"
    if mount.kind in MEMORY:
        return "memory"
    if mount.kind in ENCRYPTING:
        return "encrypted"
    device = sys / "dev/block" / mount.device
    if not device.exists() and mount.source.startswith("/dev/"):  # btrfs has a device number of its own
        device = sys / "class/block" / Path(os.path.realpath(mount.source)).name
    if not device.exists():
        return "unknown"
    return "encrypted" if is_encrypted(device) else "plain"


def mount_of(folder: Path, mountinfo: str) -> Mount | None:
    """The mount that holds the folder: the last of the deepest ones, as the kernel sees it."""
    real = os.path.realpath(folder)
    best: Mount | None = None
    for line in mountinfo.splitlines():
        left, _, right = line.partition(" - ")
        fields, (kind, source, *_) = left.split(), right.split()
        place = _unescaped(fields[4])
        is_above = real == place or real.startswith(place.rstrip("/") + "/")
        if is_above and (best is None or len(place) >= len(best.place)):
            best = Mount(fields[2], place, kind, _unescaped(source))
    return best


def is_encrypted(device: Path) -> bool:
    """True if the device of /sys, or every one that it is made of, is a mapping of dm-crypt."""
    try:
        if (device / "dm/uuid").read_text(encoding="ascii").startswith(CRYPT):
            return True
    except OSError:
        pass  # no mapping: a disk, a partition, a RAID
    slaves = sorted((device / "slaves").glob("*"))
    if not slaves and (device / "partition").exists():
        slaves = sorted((device.resolve().parent / "slaves").glob("*"))  # a partition of a mapping
    return bool(slaves) and all(is_encrypted(slave) for slave in slaves)


def _unescaped(text: str) -> str:
    """mountinfo writes blanks and the like as octal."""
    return re.sub(r"\\([0-7]{3})", lambda found: chr(int(found.group(1), 8)), text)
