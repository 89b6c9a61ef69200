"""Owns the description of the machine a benchmark ran on: facts a reader needs to judge the figures."""

from __future__ import annotations

import os
import platform
import subprocess
from dataclasses import dataclass
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True, slots=True)
class Machine:
    """Pairs of a noun and its value, in the order to be read."""

    facts: tuple[tuple[str, str], ...]


def described(asterisk: str, browser: str) -> Machine:
    """This machine, with the versions of the programs measured."""
    model = next((line.partition(":")[2].strip() for line in _lines("/proc/cpuinfo") if line.startswith("model name")), "unknown")
    memory_kb = next(int(line.split()[1]) for line in _lines("/proc/meminfo") if line.startswith("MemTotal"))
    return Machine((
        ("processor", f"{model}, {os.cpu_count()} cores"),
        ("memory", f"{memory_kb / 1024 / 1024:.0f} GB"),
        ("kernel", f"{platform.system()} {platform.release()}"),
        ("Python", platform.python_version()),
        ("Asterisk", asterisk),
        ("browser", browser),
    ))  # fmt: skip


def revision() -> str:
    """The commit of the checkout, with `+` when files differ from it; `unknown` outside of a repository."""
    argv = ["git", "describe", "--always", "--dirty=+", "--abbrev=10"]
    said = subprocess.run(argv, cwd=CHECKOUT, capture_output=True, text=True, timeout=10, check=False)
    return said.stdout.strip() or "unknown"


def load() -> float:
    """The machine's load over the last minute."""
    return os.getloadavg()[0]


def _lines(path: str) -> list[str]:
    return Path(path).read_text(encoding="utf-8").splitlines()


def processor_s(pid: int) -> float:
    """Seconds of processor time, user and system, that a process has used; FileNotFoundError when it is gone."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
