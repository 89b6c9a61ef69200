"""A recording as an HTTP answer: one range or the whole of it (RFC 9110, 14), block by block, the file closed however it ends."""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator, Callable
from typing import Any

from fastapi import Response
from fastapi.responses import JSONResponse, StreamingResponse
from starlette.types import Receive, Scope, Send

from agent_desktop.blocking import Blocking
from recordings.reading import Sound
from recordings.sound import BadSound
from recordings.vault import Altered

_RANGE = re.compile(r"bytes=\s*([0-9]{0,18})-([0-9]{0,18})\s*", re.IGNORECASE)


def wanted(header: str | None, size: int) -> tuple[int, int] | None:
    """Start and end (without it) of the one range that a header asks for; None when it cannot be given: 416.

    A header that is no range of bytes, or asks for several, is answered with the whole, as RFC 9110 allows.
    """
    found = _RANGE.fullmatch(header) if header else None
    if found is None or found.groups() == ("", ""):
        return 0, size
    first, last = found.groups()
    if not first:  # the last so many bytes
        return (max(0, size - int(last)), size) if int(last) and size else None
    start, end = int(first), min(int(last) + 1 if last else size, size)
    if last and int(last) < start:
        return 0, size
    return (start, end) if start < size else None


def answer(
    sound: Sound, header: str | None, threads: Blocking, name: str, *, is_download: bool, beyond: JSONResponse,
    cut_off: Callable[[Exception], None],
) -> Response:
    """The answer with the sound; `beyond` is given where the range lies behind the end. Closes the sound.

    Sound that turns out not to be what was written, or that its store gives no more of, is told to `cut_off`, and the answer ends
    short of its length.
    """
    piece = wanted(header, sound.size)
    if piece is None:
        threads.later(sound.close)
        beyond.headers["content-range"] = f"bytes */{sound.size}"
        return beyond
    start, end = piece
    is_part = bool(header) and (start, end) != (0, sound.size)
    disposition = "attachment" if is_download else "inline"
    headers = {
        "accept-ranges": "bytes", "content-length": str(end - start),
        "content-disposition": f'{disposition}; filename="{name}{sound.suffix}"',
    }  # fmt: skip
    if is_part or (header and _RANGE.fullmatch(header)):
        headers["content-range"] = f"bytes {start}-{end - 1}/{sound.size}"
    status = 206 if "content-range" in headers else 200
    body = _read(sound, start, end, threads, cut_off)
    return _Sounding(sound, threads, body, status_code=status, headers=headers, media_type=sound.media_type)


class _Sounding(StreamingResponse):
    """Gives the sound back in a thread, however the answer ends: also one whose first block is never asked for."""

    def __init__(self, sound: Sound, threads: Blocking, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self._sound, self._threads = sound, threads

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._threads.later(self._sound.close)


async def _read(
    sound: Sound, start: int, end: int, threads: Blocking, cut_off: Callable[[Exception], None]
) -> AsyncGenerator[bytes, None]:
    """Each block in a thread: a store that hangs holds up nobody else, and ends this answer in time."""
    try:
        blocks = sound.blocks(start, end)
        while block := await threads.run(lambda: next(blocks, b"")):
            yield block
    except (Altered, BadSound, OSError) as error:
        cut_off(error)
        raise
