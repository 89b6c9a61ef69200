"""Owns the hotline that faults happen to: on a disk of its own, which can be full or hang, inside a network of its own."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from hotline_core.settings import DEFAULT_CITY
from tests.faults.network import own_network
from tests.running.instance import Hotline

CITY = DEFAULT_CITY.read_text(encoding="utf-8").replace("wrap_up_s: 5", "wrap_up_s: 1")
DISK_MB = 640  # the launcher wants 500 free
AGENTS = (("agent1", "1001"), ("agent2", "1002"), ("agent3", "1003"))


class World(Hotline):
    """A hotline whose HOTLINE_HOME is an ext4 file system in a file; agents have hardware telephones."""

    def __init__(self, **environment: str) -> None:
        super().__init__(CITY, **environment)
        city = (self.home / "city.yaml").read_text(encoding="utf-8")
        self.passwords: dict[str, str] = {}
        self._image = Path(f"{self.home}.disk")
        with self._image.open("wb") as image:
            image.truncate(DISK_MB * 2**20)
        subprocess.run(["/usr/sbin/mkfs.ext4", "-q", "-m", "0", str(self._image)], check=True, timeout=60)
        subprocess.run(["mount", "-o", "loop,noatime", str(self._image), str(self.home)], check=True, timeout=60)
        self.home.chmod(0o700)
        (self.home / "city.yaml").write_text(city, encoding="utf-8")

    def prepare(self) -> None:
        """Hardware telephones for all agents, once."""
        with self.api("administrator") as api:
            for login, _ in AGENTS:
                api.patch(f"/api/people/{login}", json={"phone_kind": "hardware"}).raise_for_status()
                self.passwords[login] = api.post(f"/api/people/{login}/telephone").raise_for_status().json()["password"]

    def remove(self) -> None:
        """The disk goes with the folder; kept with HOTLINE_TEST_KEEP as every folder is."""
        if os.environ.get("HOTLINE_TEST_KEEP"):
            return
        subprocess.run(["umount", "-l", str(self.home)], check=True, timeout=60)
        super().remove()
        self._image.unlink()


@contextmanager
def world(**environment: str) -> Iterator[World]:
    """A world from ready to gone; the calling thread is in its network meanwhile."""
    with own_network():
        one = World(**environment)
        try:
            one.start()
            one.prepare()
            yield one
        finally:
            one.close()
