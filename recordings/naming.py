"""Where the sound of a call lies: names in the spool while it runs, the paths of its recordings afterwards; pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import PurePosixPath

from hotline_core.errors import BadInput

SHANGHAI = timezone(timedelta(hours=8))  # no summer time since 1991; needs no time zone files on the machine
ENCRYPTED = ".ogg.enc"
ENCRYPTED_WAV = ".wav.enc"  # of before, taken in as it was
_CALL_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9.-]{0,79}")
_ROLES = ("-notice", "-rx", "-tx", "")
_THIRD = re.compile(r"(?P<call_id>.+)-third-(?P<leg>[1-9][0-9]{0,5})")


@dataclass(frozen=True, slots=True, order=True)
class Piece:
    """One recording of a call: the main one on the citizen's channel (leg 0), or a segment, what one third said and heard.

    `leg` is the N of the third's channel `third-CALLID-N`.
    """

    call_id: str
    leg: int = 0

    @property
    def stem(self) -> str:
        """What its files are called; BadInput if the call id cannot be a file's name."""
        _check(self.call_id)
        return f"{self.call_id}-third-{self.leg}" if self.leg else self.call_id


@dataclass(frozen=True, slots=True)
class SpoolNames:
    """The files Asterisk writes for one piece; of a segment there are only rx and tx."""

    notice: str  # sent to the citizen while the notice plays; the citizen's side is not recorded then
    rx: str  # from the citizen, or from the third
    tx: str  # to the citizen, or to the third
    mixed: str  # both in one; used only if neither rx nor tx is there

    @property
    def all(self) -> tuple[str, ...]:
        """Every name."""
        return self.notice, self.rx, self.tx, self.mixed


def is_call_id(call_id: str) -> bool:
    """True for what may become a file's name."""
    return bool(_CALL_ID.fullmatch(call_id)) and ".." not in call_id


def spool_names(call_id: str, leg: int = 0) -> SpoolNames:
    """The spool files of a piece; BadInput if the id cannot be a file's name."""
    stem = Piece(call_id, leg).stem
    notice, rx, tx, mixed = (f"{stem}{role}.wav" for role in _ROLES)
    return SpoolNames(notice, rx, tx, mixed)


def piece_of_spool(name: str) -> Piece | None:
    """What a spool file belongs to, None if it is none of ours."""
    if not name.endswith(".wav"):
        return None
    stem = name.removesuffix(".wav")
    for role in _ROLES[:-1]:
        stem = stem.removesuffix(role)
    return piece_of_stem(stem)


def recording_path(call_id: str, arrived_at: float, leg: int = 0, suffix: str = ENCRYPTED) -> PurePosixPath:
    """Path of the finished recording below its store's folder, by the date of the call's arrival in Shanghai."""
    stem = Piece(call_id, leg).stem
    day = datetime.fromtimestamp(arrived_at, SHANGHAI)
    return PurePosixPath(f"{day:%Y/%m/%d}/{stem}{suffix}")


def piece_of_path(path: str) -> Piece | None:
    """Whose finished recording lies at this path of a store, None if it cannot be one of ours."""
    name = PurePosixPath(path).name
    suffix = next((one for one in (ENCRYPTED, ENCRYPTED_WAV, ".wav") if name.endswith(one)), None)
    return None if suffix is None else piece_of_stem(name.removesuffix(suffix))


def piece_of_stem(stem: str) -> Piece | None:
    """The piece that is called so, None if none can be."""
    third = _THIRD.fullmatch(stem)
    piece = Piece(third["call_id"], int(third["leg"])) if third else Piece(stem)
    return piece if is_call_id(piece.call_id) else None


def _check(call_id: str) -> None:
    if not is_call_id(call_id):
        raise BadInput(field="call_id")
