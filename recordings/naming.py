"""Where the sound of a call lies: names in the spool while it runs, the path of its one recording afterwards; pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import PurePosixPath

from hotline_core.errors import BadInput

SHANGHAI = timezone(timedelta(hours=8))  # no summer time since 1991; needs no time zone files on the machine
_CALL_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9.-]{0,79}")
_ROLES = ("-notice", "-rx", "-tx", "")


@dataclass(frozen=True, slots=True)
class SpoolNames:
    """The files Asterisk writes for one call."""

    notice: str  # sent to the citizen while the notice plays; the citizen's side is not recorded then
    rx: str  # from the citizen
    tx: str  # to the citizen
    mixed: str  # both in one; used only if neither rx nor tx is there

    @property
    def all(self) -> tuple[str, ...]:
        """Every name."""
        return self.notice, self.rx, self.tx, self.mixed


def is_call_id(call_id: str) -> bool:
    """True for what may become a file's name."""
    return bool(_CALL_ID.fullmatch(call_id)) and ".." not in call_id


def spool_names(call_id: str) -> SpoolNames:
    """The spool files of a call; BadInput if the id cannot be a file's name."""
    _check(call_id)
    notice, rx, tx, mixed = (f"{call_id}{role}.wav" for role in _ROLES)
    return SpoolNames(notice, rx, tx, mixed)


def call_of_spool(name: str) -> str | None:
    """Whose spool file this is, None if it is none of ours."""
    if not name.endswith(".wav"):
        return None
    stem = name.removesuffix(".wav")
    for role in _ROLES[:-1]:
        stem = stem.removesuffix(role)
    return stem if is_call_id(stem) else None


def recording_path(call_id: str, arrived_at: float) -> PurePosixPath:
    """Path of the finished recording below the folder of recordings, by the date of arrival in Shanghai."""
    _check(call_id)
    day = datetime.fromtimestamp(arrived_at, SHANGHAI)
    return PurePosixPath(f"{day:%Y/%m/%d}/{call_id}.wav")


def _check(call_id: str) -> None:
    if not is_call_id(call_id):
        raise BadInput(field="call_id")
