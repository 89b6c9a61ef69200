"""Owns the remarks in a recording's `detail`: several stand there beside each other, and one that goes leaves the others; pure."""

from __future__ import annotations

from typing import Final

CHANGED: Final = "changed"  # its bytes are not what was written
MISSING: Final = "file_missing"
_BETWEEN: Final = ", "


def remarks(detail: str | None) -> tuple[str, ...]:
    """Each of them: no rx, no tx, mixed only, torn …, changed, file_missing."""
    return tuple(detail.split(_BETWEEN)) if detail else ()


def with_remark(detail: str | None, remark: str) -> str:
    """With this one too, once."""
    return _BETWEEN.join((*(one for one in remarks(detail) if one != remark), remark))


def without_remark(detail: str | None, remark: str) -> str | None:
    """Without it; None when there is no other."""
    return _BETWEEN.join(one for one in remarks(detail) if one != remark) or None
