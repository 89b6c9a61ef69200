"""Opening a recording for an ear, whatever store and cipher it lies in; what goes wrong becomes a sentence and a log line.

One that is not what was written is refused, before its first byte where that can be known, and is an alarm.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from hashlib import sha256
from typing import Final

from sqlalchemy.exc import SQLAlchemyError

from agent_desktop.refusals import Unavailable
from hotline_core.adapters.clock import steady
from hotline_core.domain.records import RecordingRow, SegmentRow
from hotline_core.errors import Conflict, NotFound, SetupError
from hotline_core.log import Log
from recordings.cabinet import Cabinet
from recordings.reading import Sound
from recordings.sound import BadSound
from recordings.vault import Altered

Row = RecordingRow | SegmentRow
PROVE_S: Final = 2.0  # a slow archive does not keep a listener waiting: what is not proven by then is proven while it is heard


class Sounds:
    """Over one cabinet; synchronous, call it off the event loop.

    The cabinet is opened at the first wish: master keys that cannot be read cost the recordings, never the desk.
    """

    def __init__(
        self, opening: Callable[[], Cabinet], log: Log, alarm: Callable[[Row], None], later: Callable[[Callable[[], None]], None]
    ) -> None:
        """`alarm` writes down each recording that is found altered (SQLAlchemyError), behind the answer, as `later` does things."""
        self._opening = opening
        self._alarm, self._later = alarm, later
        self._cabinet: Cabinet | None = None
        self._log = log

    def open(self, row: Row, *, as_wav: bool = False, begin: Callable[[int], int | None] = lambda _size: None) -> Sound:
        """The sound of a row, as it is kept or as WAV; the block at `begin` of its size, if any, is proven before.

        NotFound recording_not_ready, recording_missing, recording_deleted, recording_failed; Conflict recording_altered;
        Unavailable recordings_down.
        """
        if row.state == "pending":
            raise NotFound("recording_not_ready")
        try:
            if self._cabinet is None:
                self._cabinet = self._opening()
            reader = self._cabinet.reader
            sound = reader.wav(row) if as_wav else reader.open(row)
            _proven_at(sound, begin(sound.size))
            return sound
        except (OSError, sqlite3.Error, SetupError) as error:
            if isinstance(error, SetupError) and error.code == "wrong_key":  # its key was altered, or is another recording's
                self.altered(row, error)
                raise Conflict("recording_altered") from error
            self._log.error("a recording cannot be read", call_id=row.call_id, leg=row.leg, kind=type(error).__name__)
            raise Unavailable("recordings_down", reason=type(error).__name__) from error
        except Altered as error:
            self.altered(row, error)
            raise Conflict("recording_altered") from error
        except BadSound as error:
            self._log.error("a recording cannot be decoded", call_id=row.call_id, leg=row.leg)
            raise NotFound("recording_failed") from error
        except NotFound as error:
            if error.code in ("no_key", "unknown_store"):
                self._log.error("a recording cannot be opened", call_id=row.call_id, leg=row.leg, code=error.code)
                raise NotFound("recording_failed") from error
            raise

    def looked_at(self, row: Row) -> str:
        """Open it, prove it and close it again, so that what cannot be heard is known; its media type. Errors as of `open`."""
        sound = self.open(row)
        try:
            _prove(row, sound)
        except Altered as error:
            self.altered(row, error)
            raise Conflict("recording_altered") from error
        except OSError as error:
            self._log.error("a recording cannot be read", call_id=row.call_id, leg=row.leg, kind=type(error).__name__)
            raise Unavailable("recordings_down", reason=type(error).__name__) from error
        finally:
            sound.close()
        return sound.media_type

    def altered(self, row: Row, error: Exception) -> None:
        """Tell that the stored bytes are not what was written; `make verify-recordings` says what happened to them."""
        self._later(lambda: self._raise_alarm(row))
        self._log.error("a recording is not what was written", call_id=row.call_id, leg=row.leg, kind=type(error).__name__)

    def cut_off(self, row: Row, error: Exception) -> bool:
        """Tell why it ended while it was read; whether it was altered: a store that does not answer has altered nothing."""
        if isinstance(error, Altered):
            self.altered(row, error)
            return True
        self._log.error("a recording broke off", call_id=row.call_id, leg=row.leg, kind=type(error).__name__)
        return False

    def _raise_alarm(self, row: Row) -> None:
        try:
            self._alarm(row)
        except SQLAlchemyError as error:  # the next who wants to hear it finds it again
            self._log.error("an alarm could not be written", call_id=row.call_id, leg=row.leg, kind=type(error).__name__)


def _proven_at(sound: Sound, begin: int | None) -> None:
    """Altered is told by a code as long as no header is out."""
    if begin is None:
        return
    try:
        next(sound.blocks(begin, begin + 1), b"")
    except BaseException:
        sound.close()
        raise


def _prove(row: Row, sound: Sound) -> None:
    """Altered where a byte, or all of them together, are not what the row says."""
    made, ends_at = sha256(), steady() + PROVE_S
    for block in sound.blocks(0, sound.size):
        made.update(block)
        if steady() > ends_at:
            return
    told = row.sha256 if row.cipher is None else row.plain_sha256
    if told is not None and made.hexdigest() != told:
        raise Altered


def given_back(sound: Sound) -> None:
    """Close what was opened for somebody who has gone."""
    sound.close()
