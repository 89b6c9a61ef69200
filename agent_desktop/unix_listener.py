"""A listening Unix socket that only its owner may connect to, in place of one a dead process left behind."""

from __future__ import annotations

import os
import socket
from pathlib import Path

BACKLOG = 512


def listen(path: Path) -> socket.socket:
    """Bind and listen on `path` with mode 0600 from its first moment."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    # Bound under a draft name and moved: no moment without a socket, none with a wide mode.
    draft = path.with_name(path.name + ".n")
    draft.unlink(missing_ok=True)
    before = os.umask(0o177)
    try:
        listener.bind(str(draft))
    finally:
        os.umask(before)
    listener.listen(BACKLOG)
    draft.replace(path)
    listener.setblocking(False)
    return listener
