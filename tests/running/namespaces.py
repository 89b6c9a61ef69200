"""Networks of a test's own: kernel namespaces joined by cables; nothing in them can reach the machine's real networks."""

from __future__ import annotations

import ctypes
import os
import secrets
import subprocess
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType
from typing import Self, TypeVar

CLONE_NEWNET = 0x40000000
T = TypeVar("T")


class Networks:
    """Namespaces by name; `join` lays a cable between two of them, `inside` runs a function in one."""

    def __init__(self, *names: str) -> None:
        self._tag = secrets.token_hex(2)
        self.names = names

    def __enter__(self) -> Self:
        for name in self.names:
            _ip("netns", "add", self.real(name))
            self.run(name, "ip", "link", "set", "lo", "up")
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        for name in self.names:
            _ip("netns", "delete", self.real(name))

    def real(self, name: str) -> str:
        """The namespace's name on this machine."""
        return f"hl{self._tag}{name}"

    def wrapped(self, name: str) -> tuple[str, ...]:
        """What is put before a command so that it runs in there."""
        return ("ip", "netns", "exec", self.real(name))

    def run(self, name: str, *command: str, text: str | None = None) -> str:
        """What a command prints in there; AssertionError with its complaint when it fails."""
        done = subprocess.run(
            [*self.wrapped(name), *command], input=text, capture_output=True, text=True, timeout=20, check=False
        )  # fmt: skip
        assert done.returncode == 0, f"{command}: {done.stderr}"
        return done.stdout

    def join(self, left: str, left_address: str, right: str, right_address: str) -> None:
        """A cable; addresses with their prefix length, e.g. 192.0.2.1/24."""
        ends = f"{left[:5]}{right[:4]}a", f"{left[:5]}{right[:4]}b"
        _ip("link", "add", ends[0], "netns", self.real(left), "type", "veth", "peer", "name", ends[1], "netns", self.real(right))
        for name, end, address in ((left, ends[0], left_address), (right, ends[1], right_address)):
            self.run(name, "ip", "address", "add", address, "dev", end)
            self.run(name, "ip", "link", "set", end, "up")

    def inside(self, name: str, function: Callable[[], T]) -> T:
        """What the function returns or raises when its thread is in there: sockets it opens belong to that network."""

        def work() -> T:
            _enter(self.real(name))
            return function()

        with ThreadPoolExecutor(max_workers=1) as fresh:  # the thread ends with the network
            return fresh.submit(work).result()


def _enter(name: str) -> None:
    """This thread, and only this one, goes on in the namespace (setns(2))."""
    handle = os.open(f"/run/netns/{name}", os.O_RDONLY | os.O_CLOEXEC)
    try:
        if ctypes.CDLL(None, use_errno=True).setns(handle, CLONE_NEWNET) != 0:
            number = ctypes.get_errno()
            raise OSError(number, os.strerror(number), name)
    finally:
        os.close(handle)


def _ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True, capture_output=True, timeout=20)
