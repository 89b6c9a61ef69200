"""Opening a recording for an ear, whatever store and cipher it lies in; what goes wrong becomes a sentence and a log line."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable

from agent_desktop.refusals import Unavailable
from hotline_core.domain.records import RecordingRow, SegmentRow
from hotline_core.errors import NotFound, SetupError
from hotline_core.log import Log
from recordings.cabinet import Cabinet
from recordings.reading import Sound
from recordings.sound import BadSound
from recordings.vault import Altered

Row = RecordingRow | SegmentRow


class Sounds:
    """Over one cabinet; synchronous, call it off the event loop.

    The cabinet is opened at the first wish: master keys that cannot be read cost the recordings, never the desk.
    """

    def __init__(self, opening: Callable[[], Cabinet], log: Log) -> None:
        self._opening = opening
        self._cabinet: Cabinet | None = None
        self._log = log

    def open(self, row: Row, *, as_wav: bool = False) -> Sound:
        """The sound of a row, as it is kept or as WAV.

        NotFound recording_not_ready, recording_missing, recording_deleted, recording_failed; Unavailable recordings_down.
        """
        if row.state == "pending":
            raise NotFound("recording_not_ready")
        try:
            if self._cabinet is None:
                self._cabinet = self._opening()
            reader = self._cabinet.reader
            return reader.wav(row) if as_wav else reader.open(row)
        except (OSError, sqlite3.Error, SetupError) as error:
            self._log.error("a recording cannot be read", call_id=row.call_id, leg=row.leg, kind=type(error).__name__)
            raise Unavailable("recordings_down", reason=type(error).__name__) from error
        except (Altered, BadSound) as error:
            self.altered(row, error)
            raise NotFound("recording_failed") from error
        except NotFound as error:
            if error.code in ("no_key", "unknown_store"):
                self._log.error("a recording cannot be opened", call_id=row.call_id, leg=row.leg, code=error.code)
                raise NotFound("recording_failed") from error
            raise

    def looked_at(self, row: Row) -> str:
        """Open it and close it again, so that what cannot be heard is known; its media type. Errors as of `open`."""
        sound = self.open(row)
        sound.close()
        return sound.media_type

    def altered(self, row: Row, error: Exception) -> None:
        """Tell that the stored bytes are not what was written; `make verify-recordings` says what happened to them."""
        self._log.error("a recording is not what was written", call_id=row.call_id, leg=row.leg, kind=type(error).__name__)


def given_back(sound: Sound) -> None:
    """Close what was opened for somebody who has gone."""
    sound.close()
