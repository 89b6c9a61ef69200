"""The pass behind a recording's address: who may read which sound, for what and until when; signed, so that nobody makes one."""

from __future__ import annotations

from dataclasses import astuple, dataclass
from hashlib import sha256
from typing import Final, Literal

from itsdangerous import BadData, URLSafeSerializer

from agent_desktop.gate import Caller
from hotline_core.errors import Forbidden

LISTEN_S = 3600.0  # as long as a long call; the page asks anew after that
DOWNLOAD_S = 300.0
LONGEST = 1024
HEARING: Final = ("listen", "download")
EXPORT: Final = "export "  # with the reason behind it
Kind = Literal["hear", "export"]


@dataclass(frozen=True, slots=True)
class Pass:
    """One listening or download whose reason is written; bound to the sign-in that asked. `until` is epoch seconds."""

    login: str
    sid: str
    call_id: str
    leg: int
    purpose: str
    until: float


def written(given: Pass, key_hex: str) -> str:
    """The text of a pass, signed."""
    return str(_signer(key_hex).dumps(list(astuple(given))))


def checked(text: str, key_hex: str, caller: Caller, call_id: str, leg: int, now: float, kind: Kind) -> Pass:
    """The pass in `text` for this sound or case; Forbidden reason_needed (none, forged or for another act), link_not_yours,
    link_expired."""
    if not text or len(text) > LONGEST:
        raise Forbidden("reason_needed")
    try:
        facts = _signer(key_hex).loads(text)
    except BadData:
        raise Forbidden("reason_needed") from None
    match facts:
        case [str(login), str(sid), str(of_call), int(of_leg), str(purpose), int() | float() as until]:
            given = Pass(login, sid, of_call, of_leg, purpose, float(until))
        case _:
            raise Forbidden("reason_needed")
    if _kind(given.purpose) != kind:
        raise Forbidden("reason_needed")
    if (given.login, given.sid, given.call_id, given.leg) != (caller.login, caller.sid, call_id, leg):
        raise Forbidden("link_not_yours")
    if now >= given.until:
        raise Forbidden("link_expired")
    return given


def _kind(purpose: str) -> Kind | None:
    if purpose.startswith(EXPORT):
        return "export"
    return "hear" if purpose in HEARING else None


def _signer(key_hex: str) -> URLSafeSerializer:
    return URLSafeSerializer(
        bytes.fromhex(key_hex), salt=b"hotline-listening", signer_kwargs={"digest_method": sha256, "key_derivation": "hmac"}
    )
