"""One case as a zip archive, made while it is sent: each call's sound as it is kept, its timeline and rows, hashes, who and why.

Nothing of it lies on a disk here: a second copy of the sound would outlive its key.
"""

from __future__ import annotations

import json
import zipfile
from collections.abc import AsyncGenerator, Iterator
from dataclasses import asdict, dataclass, field
from functools import partial
from hashlib import sha256
from io import RawIOBase
from typing import Any

from agent_desktop.desk import Desk
from agent_desktop.late_audit import LateRow
from agent_desktop.sounds import given_back
from hotline_core.adapters.audit import Facts
from hotline_core.domain.records import RecordingRow, SegmentRow
from hotline_core.errors import HotlineError
from recordings.reading import Sound
from recordings.sound import BadSound
from recordings.vault import Altered

Row = RecordingRow | SegmentRow
HIDDEN = ("path", "store", "cipher")  # where and how it lies with us: nobody else's matter


class _Sink(RawIOBase):
    """Where the archive is written to: pieces that are taken away as they come; it cannot be sought in, so the zip is a stream."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self._pieces.append(bytes(data))
        return len(data)

    def take(self) -> bytes:
        """What has come since the last time."""
        taken, self._pieces = b"".join(self._pieces), []
        return taken


@dataclass(slots=True)
class _Listed:
    """What the manifest tells of each file: its hash as it was sent, and for sound the one that was kept with its row."""

    files: list[dict[str, object]] = field(default_factory=list)

    def add(self, name: str, size: int, digest: str, **more: object) -> None:
        """One file of the archive."""
        self.files.append({"name": name, "size": size, "sha256": digest, **more})


@dataclass(frozen=True, slots=True)
class Case:
    """What is exported: the calls of a legal hold, by whom, when (epoch seconds) and why."""

    key: str
    calls: tuple[str, ...]
    by: str
    at: float
    reason: str


async def archive(desk: Desk, case: Case) -> AsyncGenerator[bytes, None]:
    """The zip piece by piece; a recording that is gone or altered is told in the manifest, and the others follow."""
    sink, listed = _Sink(), _Listed()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_STORED) as out:
        for call_id in case.calls:
            told, rows = await desk.calls_threads.run(partial(_known, desk, call_id))
            _put(out, listed, f"{call_id}/call.json", told)
            for row in rows:
                async for piece in _sound(desk, case, out, sink, listed, row):
                    yield piece
            yield sink.take()
        manifest = {"case": case.key, "exported_by": case.by, "exported_at": case.at, "reason": case.reason, "files": listed.files}
        sums = "".join(f"{one['sha256']}  {one['name']}\n" for one in listed.files if one["sha256"])
        out.writestr("manifest.json", _json(manifest))
        out.writestr("SHA256SUMS", sums)
    yield sink.take()


def _known(desk: Desk, call_id: str) -> tuple[dict[str, object], list[Row]]:
    """All that is known of a call, and its recordings; synchronous."""
    found, main = desk.calls.call(call_id), desk.calls.recording(call_id)
    evidence = desk.transfers.of_call(call_id)
    rows: list[Row] = [*([main] if main else []), *evidence.segments]
    kept = [{name: value for name, value in asdict(row).items() if name not in HIDDEN} | {"leg": row.leg} for row in rows]
    _, pauses = desk.sound_store.beside(call_id, 0)
    return {
        "call": asdict(found.call) if found else None, "timeline": [asdict(entry) for entry in desk.calls.timeline(call_id)],
        "transfers": [asdict(one) for one in evidence.transfers], "attempts": [asdict(one) for one in evidence.attempts],
        "recordings": kept, "pauses": [asdict(one) for one in pauses],
    }, rows  # fmt: skip


def _tell(desk: Desk, case: Case, row: Row) -> None:
    """That an altered recording was left out of a case, or cut off in it."""
    facts: Facts = {"why": "recording_altered", "case": case.key, **({"segment": row.leg} if row.leg else {})}
    desk.late_audit.add(LateRow(desk.now(), case.by, "recording_refused", row.call_id, facts))


async def _sound(
    desk: Desk, case: Case, out: zipfile.ZipFile, sink: _Sink, listed: _Listed, row: Row
) -> AsyncGenerator[bytes, None]:
    stem = f"{row.call_id}/third-{row.leg}" if row.leg else f"{row.call_id}/recording"
    try:
        sound: Sound = await desk.sound_threads.run(lambda: desk.sounds.open(row), give_back=given_back)
    except HotlineError as error:
        if error.code == "recording_altered":
            _tell(desk, case, row)
        listed.add(stem, 0, "", missing=error.code)
        return
    digest, name, trouble = sha256(), f"{stem}{sound.suffix}", {}
    try:
        blocks: Iterator[bytes] = sound.blocks(0, sound.size)
        with out.open(zipfile.ZipInfo(name), "w", force_zip64=True) as entry:
            while block := await desk.sound_threads.run(lambda: next(blocks, b"")):
                digest.update(block)
                entry.write(block)
                yield sink.take()
    except (Altered, BadSound, OSError, HotlineError) as error:
        if desk.sounds.cut_off(row, error):
            _tell(desk, case, row)
        trouble = {"cut_off": type(error).__name__}
    finally:
        desk.sound_threads.later(sound.close)
    kept = row.plain_sha256 or row.sha256
    listed.add(name, sound.size, digest.hexdigest(), kept_sha256=kept, is_as_kept=digest.hexdigest() == kept, **trouble)


def _put(out: zipfile.ZipFile, listed: _Listed, name: str, told: object) -> None:
    body = _json(told)
    out.writestr(name, body)
    listed.add(name, len(body), sha256(body).hexdigest())


def _json(told: object) -> bytes:
    return json.dumps(told, ensure_ascii=False, indent=1, default=str).encode() + b"\n"
