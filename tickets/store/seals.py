"""Owns what ties tickets to the audit trail: salted digests of what lies here, so that a text can be erased but not changed."""

from __future__ import annotations

import json
from hashlib import sha256
from secrets import token_hex

from sqlalchemy import Connection, select

from hotline_core.adapters.audit import Facts, write_audit
from hotline_core.adapters.tickets_schema import audit
from tickets.store.schema import ticket_bodies, ticket_steps

_HEX = 32  # of a digest's 64: 128 bits, there are millions of them


def write_step(
    connection: Connection, number: str, version: int, *, at: float, actor: str, role: str, act: str, stage: str, facts: str,
    content: str, life: str,
) -> None:  # fmt: skip
    """Keep a step with its row of the trail, in the transaction of `connection`; the last three are JSON."""
    salt = token_hex(16)
    row = {"number": number, "version": version, "at": at, "actor": actor, "role": role, "act": act, "stage": stage, "facts": facts}
    connection.execute(ticket_steps.insert().values(**row, salt=salt))
    sealed = {"facts": seal(salt, facts), "content": seal(salt, content), "life": seal(salt, life)}
    told: Facts = {"version": version, "stage": stage, "role": role, **sealed}
    write_audit(connection, at=at, actor=actor, act=f"ticket_{act}", subject=number, facts=told)


def seal(salt: str, text: str) -> str:
    """The digest of a text with its salt: tells nothing of it without the salt, which lies beside the text and goes with it."""
    return sha256(f"{salt}{text}".encode()).hexdigest()[:_HEX]


def changed(connection: Connection, number: str) -> list[str]:
    """What of a ticket is not as it was written: "content", "life", "step 3" ("step 3 missing"); empty: all is."""
    sealed: dict[int, dict[str, object]] = {}
    for told in connection.execute(select(audit.c.facts).where(audit.c.subject == number, audit.c.act.startswith("ticket_"))):
        facts = json.loads(told.facts)
        if "life" in facts:
            sealed[int(facts["version"])] = facts
    rows = connection.execute(select(ticket_steps).where(ticket_steps.c.number == number))
    steps = {row.version: row for row in rows}
    found = [f"step {version} missing" for version in sorted(set(sealed) - set(steps))]
    kept = {version: sealed.get(version, {}).get("facts") for version in steps}
    found += [f"step {version}" for version, row in steps.items() if kept[version] != seal(row.salt, row.facts)]
    body = connection.execute(select(ticket_bodies).where(ticket_bodies.c.number == number)).one_or_none()
    if body is None or not steps:
        return [*found, "body missing"] if sealed else found
    last = steps[max(steps)]
    for name in ("content", "life"):
        if sealed.get(last.version, {}).get(name) != seal(last.salt, getattr(body, name)):
            found.append(name)
    return found
