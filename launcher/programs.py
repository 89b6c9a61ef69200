"""The programs that others wrote and we start: Asterisk, Redis, nginx; where they lie and how each is called."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

OLDEST_ASTERISK = (22, 5)
NAMES = ("asterisk", "redis-server", "nginx")
ROOT = Path("/")


@dataclass(frozen=True, slots=True)
class Programs:
    """A root folder with the programs in it: `/`, or Debian's packages unpacked into the cache."""

    rootfs: Path

    def path(self, name: str) -> Path:
        """Where a program lies; FileNotFoundError when it is not there."""
        for folder in ("usr/sbin", "usr/bin"):
            if (path := self.rootfs / folder / name).exists():
                return path
        raise FileNotFoundError(2, "No such program", name)

    def argv(self, name: str) -> list[str]:
        """How to call it. An unpacked one runs through its own loader: child processes then inherit no LD_LIBRARY_PATH."""
        path = str(self.path(name))
        if self.rootfs == ROOT:
            return [path]
        libraries = self.libraries
        search = ":".join([str(libraries), *(str(folder) for folder in [libraries / "pulseaudio"] if folder.is_dir())])
        return [str(next(libraries.glob("ld-linux-*.so.*"))), "--library-path", search, "--argv0", name, path]

    @property
    def libraries(self) -> Path:
        """The folder of the shared libraries, named after the machine's architecture."""
        return self.modules.parent.parent

    @property
    def modules(self) -> Path:
        """Asterisk's modules."""
        for folder in sorted(self.rootfs.glob("usr/lib/*-linux-gnu*/asterisk/modules")):
            return folder
        return self.rootfs / "usr/lib/asterisk/modules"

    @property
    def share(self) -> Path:
        """Asterisk's data."""
        return self.rootfs / "usr/share/asterisk"

    @property
    def music(self) -> Path:
        """Music on hold, .wav files with a licence that allows it."""
        return self.share / "moh"

    @property
    def documentation(self) -> Path:
        """The XML documentation that Asterisk's applications describe themselves from."""
        return self.share / "documentation"

    @property
    def sounds(self) -> Path:
        """The English sounds (Debian has no Chinese ones)."""
        return self.share / "sounds/en_US_f_Allison"


def ask_asterisk(programs: Programs, base: Path, command: str, timeout_s: float) -> str:
    """What the Asterisk configured under `base` answers to a CLI command; empty text for silence, TimeoutExpired if late."""
    argv = [*programs.argv("asterisk"), "-C", str(base / "etc/asterisk.conf"), "-rx", command]
    owner = base.stat()
    is_others = os.geteuid() == 0 and owner.st_uid != 0  # its configuration is not ours to follow with root's rights
    done = subprocess.run(
        argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace",
        timeout=timeout_s, check=False, user=owner.st_uid if is_others else None, group=owner.st_gid if is_others else None,
        extra_groups=[] if is_others else None,
    )  # fmt: skip
    return done.stdout.strip()


def version_of(output: str) -> tuple[int, ...]:
    """(22, 10, 1) from `Asterisk 22.10.1+dfsg…`; empty when it tells none."""
    match = re.match(r"Asterisk (\d+)\.(\d+)(?:\.(\d+))?", output)
    return tuple(int(part) for part in match.groups() if part) if match else ()


def asterisk_version(programs: Programs) -> str:
    """What `asterisk -V` says; empty when it does not run."""
    try:
        done = subprocess.run([*programs.argv("asterisk"), "-V"], capture_output=True, text=True, timeout=10, check=False)
    except (OSError, StopIteration, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip()


def shortcoming(programs: Programs, modules: list[str]) -> str:
    """Why these programs cannot be used, or an empty text."""
    for name in NAMES:
        try:
            programs.argv(name)
        except (OSError, StopIteration):
            return f"no {name}"
    absent = [name for name in modules if not (programs.modules / f"{name}.so").is_file()]
    if absent:
        return f"no module {', '.join(absent[:5])}"
    if not any(programs.music.glob("*.wav")):
        return "no music on hold"
    if not any(programs.documentation.glob("core-*.xml")):
        return "no documentation"
    told = asterisk_version(programs)
    if version_of(told) < OLDEST_ASTERISK:
        return told or "asterisk does not run"
    return ""


def of_this_machine(modules: list[str]) -> Programs | None:
    """The machine's own programs, if all are there, new enough and whole; most machines have none (no process is started then)."""
    if shutil.which("asterisk") is None:
        return None
    programs = Programs(ROOT)
    return None if shortcoming(programs, modules) else programs
