"""Owns HTTP digest answers for SIP (RFC 2617 MD5, RFC 8760 SHA-256); pure."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Credentials:
    """Who we are to a registrar; a realm, if given, must be the one that asks."""

    user: str
    password: str = field(repr=False)
    realm: str | None = None


class WrongRealm(ValueError):
    """A realm asked that is not ours, or in an algorithm that we lack."""


def authorization(challenge: str, who: Credentials, *, method: str, uri: str, cnonce: str, count: str = "00000001") -> str:
    """The value of Authorization or Proxy-Authorization that answers a challenge."""
    asked = {key.lower(): quoted or plain for key, quoted, plain in re.findall(r'(\w+)\s*=\s*(?:"([^"]*)"|([^\s,"]+))', challenge)}
    realm, nonce = asked.get("realm", ""), asked.get("nonce", "")
    algorithm = asked.get("algorithm", "MD5")
    if who.realm is not None and realm != who.realm:
        raise WrongRealm(f"realm {realm!r} asked, {who.realm!r} expected")
    if algorithm.upper() not in ("MD5", "SHA-256"):
        raise WrongRealm(f"algorithm {algorithm!r} is not ours")

    def digest(text: str) -> str:
        return hashlib.new(algorithm.replace("-", "").lower(), text.encode(), usedforsecurity=False).hexdigest()

    secret, request = digest(f"{who.user}:{realm}:{who.password}"), digest(f"{method}:{uri}")
    parts = {"username": who.user, "realm": realm, "nonce": nonce, "uri": uri}
    plain = f", algorithm={algorithm}"
    if "auth" in [option.strip() for option in asked.get("qop", "").split(",")]:
        parts["response"] = digest(f"{secret}:{nonce}:{count}:{cnonce}:auth:{request}")
        parts["cnonce"] = cnonce
        plain += f", qop=auth, nc={count}"
    else:
        parts["response"] = digest(f"{secret}:{nonce}:{request}")
    if "opaque" in asked:
        parts["opaque"] = asked["opaque"]
    return "Digest " + ", ".join(f'{key}="{value}"' for key, value in parts.items()) + plain


def is_verified(header: str, who: Credentials, *, method: str) -> bool:
    """Whether an Authorization or Proxy-Authorization that came with a request of this method is by this user's password."""
    said = {key.lower(): quoted or plain for key, quoted, plain in re.findall(r'(\w+)\s*=\s*(?:"([^"]*)"|([^\s,"]+))', header)}
    challenge = ", ".join(f'{key}="{said[key]}"' for key in ("realm", "nonce", "opaque", "algorithm", "qop") if key in said)
    if said.get("username") != who.user:
        return False
    cnonce, count = said.get("cnonce", ""), said.get("nc", "")
    expected = authorization(f"Digest {challenge}", who, method=method, uri=said.get("uri", ""), cnonce=cnonce, count=count)
    return re.search(r'response="([0-9a-f]+)"', expected) is not None and f'response="{said.get("response")}"' in expected
