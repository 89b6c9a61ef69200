"""One short hash over all static files, so that a browser never runs an old script under a new page."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path


def static_version(folder: Path) -> str:
    """Twelve hex digits that change when any file's name or content changes."""
    digest = sha256()
    for path in sorted(folder.rglob("*")) if folder.is_dir() else ():
        if path.is_file():
            digest.update(f"{path.relative_to(folder)}\0".encode())
            digest.update(sha256(path.read_bytes()).digest())
    return digest.hexdigest()[:12]
