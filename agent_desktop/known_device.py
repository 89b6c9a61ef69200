"""The mark of a browser in which a person has signed in before: who guesses elsewhere, or beside it, does not lock it out; pure.

An address says little: an office has one for all its desks, and a desk gets another one tomorrow. So a browser that has signed in
carries a signed mark for that person, and its mistakes are counted for themselves (OWASP calls it a device cookie).
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from hashlib import sha256

from itsdangerous import BadData, URLSafeSerializer

LIFETIME_S = 90 * 24 * 3600.0
LONGEST = 400


def cookie_name(veiled_login: str) -> str:
    """One mark for each person of a shared desk; the login itself stands nowhere in it."""
    return f"hotline_device_{veiled_login[:12]}"


def new_device() -> str:
    """A fresh name for a browser."""
    return secrets.token_hex(12)


def write(veiled_login: str, device: str, key_hex: str, now: float) -> str:
    """The mark of `device` for this person."""
    return str(_signer(key_hex).dumps({"sub": veiled_login, "dev": device, "iat": now}))


def read(cookies: Mapping[str, str], veiled_login: str, key_hex: str, now: float) -> str | None:
    """The device whose mark for this person is among `cookies`; None when it is forged, another's or older than 90 days."""
    text = cookies.get(cookie_name(veiled_login), "")
    if not text or len(text) > LONGEST:
        return None
    try:
        facts = _signer(key_hex).loads(text)
    except BadData:
        return None
    match facts:
        case {"sub": str(sub), "dev": str(device), "iat": float() | int() as issued} if sub == veiled_login:
            return device if issued <= now + 60.0 < issued + LIFETIME_S else None
    return None


def _signer(key_hex: str) -> URLSafeSerializer:
    how = {"digest_method": sha256, "key_derivation": "hmac"}
    return URLSafeSerializer(bytes.fromhex(key_hex), salt=b"hotline-device", signer_kwargs=how)
