"""Tables as files for other programs: written in a thread of their own, one at a time, audited before the first byte is told."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import BinaryIO, Literal

from fastapi.responses import StreamingResponse
from sqlalchemy import Engine

from agent_desktop.blocking import Blocking
from agent_desktop.refusals import Unavailable
from hotline_core.adapters.audit import Facts, write_audit
from hotline_core.adapters.engine import writing
from hotline_core.errors import IntentRefused
from tickets.limits import SHANGHAI
from tickets.store.sheets import Sheet

Kind = Literal["csv", "xlsx"]
TYPES = {"csv": "text/csv; charset=utf-8", "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"}
LONGEST_S = 600.0  # half a million tickets take a good minute
PIECE = 65_536


class Exporting:
    """Makes export files under `folder`, where nothing stays: a file has no name any more when it is sent."""

    def __init__(self, engine: Engine, folder: Path, now: Callable[[], float]) -> None:
        self._engine = engine
        self._folder = folder
        self._now = now
        self._threads = Blocking(1, code="database_down", timeout_s=LONGEST_S)
        self._is_busy = False

    async def make(self, kind: Kind, sheet: Sheet, *, actor: str, act: str, told: Facts) -> BinaryIO:
        """The file, at its beginning; `act` and `told` are what the trail tells of it.

        IntentRefused `busy_exporting` while another is made, Unavailable `export_failed` when the disk does not take it.
        """
        if self._is_busy:
            raise IntentRefused("busy_exporting")
        self._is_busy = True
        try:
            return await self._threads.run(lambda: self._made(kind, sheet, actor, act, told))
        except OSError as error:
            raise Unavailable("export_failed", reason=type(error).__name__) from error
        finally:
            self._is_busy = False

    def clear(self) -> None:
        """Take away what a desk that was killed left half-written."""
        shutil.rmtree(self._folder, ignore_errors=True)

    def close(self) -> None:
        """Begin no more."""
        self._threads.close()

    def _made(self, kind: Kind, sheet: Sheet, actor: str, act: str, told: Facts) -> BinaryIO:
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        with tempfile.TemporaryDirectory(dir=self._folder) as folder:
            path = Path(folder) / f"table.{kind}"
            if kind == "xlsx":
                sheet.xlsx(path)
            else:
                with path.open("wb") as out:
                    out.writelines(sheet.csv())
            file = path.open("rb")
        with writing(self._engine) as connection:
            facts: Facts = {**told, "kind": kind, "bytes": file.seek(0, 2)}
            write_audit(connection, at=self._now(), actor=actor, act=act, subject=actor, facts=facts)
        file.seek(0)
        return file


def sent(file: BinaryIO, kind: Kind, name: str, now: float) -> StreamingResponse:
    """The file as an answer, named `name` with the time in Shanghai."""
    stamp = datetime.fromtimestamp(now, SHANGHAI).strftime("%Y%m%d-%H%M")
    headers = {"Content-Disposition": f'attachment; filename="{name}-{stamp}.{kind}"'}
    return StreamingResponse(_pieces(file), media_type=TYPES[kind], headers=headers)


def _pieces(file: BinaryIO) -> Iterator[bytes]:
    """The file piece by piece, closed at its end."""
    with file:
        while piece := file.read(PIECE):
            yield piece
