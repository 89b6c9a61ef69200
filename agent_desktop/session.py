"""The signed session token of a person: who, role, extension, since when; reading it needs no database and no Redis."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from hashlib import sha256

from itsdangerous import BadData, URLSafeSerializer

COOKIE = "hotline_session"
LIFETIME_S = 12 * 3600.0
# A token "from the future" by more than this was not made by a clock we trust.
CLOCK_SKEW_S = 60.0


@dataclass(frozen=True, slots=True)
class Session:
    """One signed-in person; `sid` names this sign-in, `issued` is when it began."""

    sub: str
    role: str
    ext: str
    sid: str
    issued: float

    @property
    def expires(self) -> float:
        """After this the token is refused."""
        return self.issued + LIFETIME_S


def new_session(sub: str, role: str, ext: str, now: float) -> Session:
    """A fresh session with a random id."""
    return Session(sub=sub, role=role, ext=ext, sid=secrets.token_hex(16), issued=now)


def write(session: Session, key_hex: str) -> str:
    """The token text of `session`, signed with `key_hex`."""
    facts = {"sub": session.sub, "role": session.role, "ext": session.ext, "sid": session.sid, "iat": session.issued}
    return str(_signer(key_hex).dumps(facts))


def read(token: str, key_hex: str, now: float) -> Session | None:
    """The session of `token`, or None when it is forged, damaged, from the future or too old."""
    if not token or len(token) > 1024:
        return None
    try:
        facts = _signer(key_hex).loads(token)
    except BadData:
        return None
    match facts:
        case {"sub": str(sub), "role": str(role), "ext": str(ext), "sid": str(sid), "iat": float() | int() as issued}:
            session = Session(sub=sub, role=role, ext=ext, sid=sid, issued=float(issued))
        case _:
            return None
    if not session.issued - CLOCK_SKEW_S <= now < session.expires:
        return None
    return session


def from_cookies(header: str) -> str:
    """The token in a Cookie header; empty when there is none or when two disagree (a planted second cookie)."""
    found = {
        value.strip().strip('"')
        for part in header.split(";")
        for name, dash, value in [part.partition("=")]
        if dash and name.strip() == COOKIE
    }
    return found.pop() if len(found) == 1 else ""


def _signer(key_hex: str) -> URLSafeSerializer:
    return URLSafeSerializer(
        bytes.fromhex(key_hex), salt=b"hotline-session", signer_kwargs={"digest_method": sha256, "key_derivation": "hmac"}
    )
