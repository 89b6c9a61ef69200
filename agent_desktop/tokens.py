"""Service tokens: random bearer secrets with a role and an end, stored only as hashes."""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass
from hashlib import sha256

from sqlalchemy import Engine, select

from hotline_core.adapters.audit import Facts, write_audit
from hotline_core.adapters.engine import reading, writing
from hotline_core.adapters.tickets_schema import service_tokens

PREFIX = "hotline_"
SYSTEM = re.compile(r"[a-z][a-z0-9_-]{1,39}")  # how another system is called in its addresses
LIFETIME_S = 365 * 24 * 3600.0


@dataclass(frozen=True, slots=True)
class Bearer:
    """Who a bearer token speaks for: a role, the first letters of its hash for the audit, and the system whose tickets it files."""

    role: str
    mark: str
    system: str = ""


class Tokens:
    """Makes and recognises service tokens; synchronous, call it off the event loop."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def make(self, role: str, *, actor: str, now: float, lifetime_s: float = LIFETIME_S, system: str = "") -> str:
        """A new token of `role`, for the tickets of one other `system` where that is given; shown once, never stored in clear."""
        token = PREFIX + secrets.token_urlsafe(32)
        hashed = _hash(token)
        with writing(self._engine) as connection:
            row = {"token_hash": hashed, "role": role, "made_at": now, "expires": now + lifetime_s, "system": system}
            connection.execute(service_tokens.insert().values(row))
            facts: Facts = {"role": role, "expires": now + lifetime_s, "system": system}
            write_audit(connection, at=now, actor=actor, act="token_made", subject=_mark(hashed), facts=facts)
        return token

    def bearer(self, token: str, now: float) -> Bearer | None:
        """Who `token` speaks for, or None when it is unknown or over."""
        if not token.startswith(PREFIX) or len(token) > 128:
            return None
        hashed = _hash(token)
        with reading(self._engine) as connection:
            row = connection.execute(
                select(service_tokens.c.role, service_tokens.c.system).where(
                    service_tokens.c.token_hash == hashed, service_tokens.c.expires > now
                )
            ).one_or_none()
        return None if row is None else Bearer(role=str(row.role), mark=_mark(hashed), system=str(row.system))


def _hash(token: str) -> str:
    return sha256(token.encode()).hexdigest()


def _mark(hashed: str) -> str:
    return f"token:{hashed[:12]}"
