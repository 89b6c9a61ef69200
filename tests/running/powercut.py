"""A disk of its own under a folder, whose power can be cut: what was not synced is lost, as on a real one.

ext4 on a loop device. The cut is the file system's own shutdown without flushing its log (EXT4_IOC_SHUTDOWN, made for such tests):
from that instant nothing more reaches the disk, and everything that only memory had is gone. Mounting anew replays the journal.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import signal
import struct
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

SHUTDOWN, NO_FLUSH = 0x8004587D, struct.pack("I", 2)
GONE_S = 20.0


class Disk:
    """ext4 of `megabytes` under `folder`; needs root and a loop device."""

    def __init__(self, folder: Path, image: Path, megabytes: int = 1500) -> None:
        self.folder, self.image = folder, image
        with image.open("wb") as file:
            file.truncate(megabytes << 20)
        _run("mkfs.ext4", "-q", "-F", str(image))
        self.on()

    def on(self) -> None:
        """Mount, as at a boot."""
        _run("mount", "-o", "loop", str(self.image), str(self.folder))

    def cut(self, processes: list[int]) -> float:
        """The power goes, and with it these processes; when it went, in epoch seconds. `boot` is what follows."""
        descriptor = os.open(self.folder, os.O_RDONLY)
        try:
            at = time.time()
            fcntl.ioctl(descriptor, SHUTDOWN, NO_FLUSH)
        finally:
            os.close(descriptor)
        for pid in processes:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        return at

    def boot(self) -> None:
        """What had reached the disk is there again, and nothing else; files this process itself still holds there are let go."""
        for entry in Path("/proc/self/fd").iterdir():
            with contextlib.suppress(OSError):
                if entry.readlink().is_relative_to(self.folder):
                    os.close(int(entry.name))
        self.off()
        self.on()

    def off(self) -> None:
        """Unmount, once nobody has a file open there."""
        ends_at = time.monotonic() + GONE_S
        while subprocess.run(["umount", str(self.folder)], capture_output=True, check=False, timeout=30).returncode:
            assert time.monotonic() < ends_at, f"somebody still uses {self.folder}"
            time.sleep(0.1)


def processes_of(home: Path) -> list[int]:
    """Every process that was started for this home: its environment says so, and it is none of the test's own."""
    wanted, found = f"HOTLINE_HOME={home}".encode(), list[int]()
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and int(entry.name) != os.getpid():
            with contextlib.suppress(OSError):
                if wanted in (entry / "environ").read_bytes().split(b"\0"):
                    found.append(int(entry.name))
    return found


@contextlib.contextmanager
def disk_under(folder: Path, image: Path) -> Iterator[Disk]:
    """A disk under a folder for the time of a block."""
    disk = Disk(folder, image)
    try:
        yield disk
    finally:
        disk.off()
        image.unlink()


def _run(*words: str) -> None:
    subprocess.run(words, check=True, capture_output=True, timeout=60)
