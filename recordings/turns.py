"""Owns the order between a thread that reads something open and another that closes it: never both at once, no waiting."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Lock


class Turns:
    """`close` may come at any moment, from any thread: what is open is closed at once, or right behind the read that runs.

    A file taken away under a read is another file by then, or (libsndfile) the end of the process.
    """

    def __init__(self, closing: Callable[[], None]) -> None:
        """`closing` gives the open thing back; called a second time it must do nothing."""
        self._closing = closing
        self._turn = Lock()
        self._is_over = False

    @contextmanager
    def reading(self) -> Iterator[None]:
        """One read; ValueError once it is closed, as of any file."""
        try:
            with self._turn:
                if self._is_over:
                    raise ValueError("read of what is closed")
                yield
        finally:
            if self._is_over:
                self._close_if_free()

    def close(self) -> None:
        """No read begins after this; never waits."""
        self._is_over = True
        self._close_if_free()

    def _close_if_free(self) -> None:
        if self._turn.acquire(blocking=False):  # else the reader does it, which looks at `_is_over` after its turn
            try:
                self._closing()
            finally:
                self._turn.release()
