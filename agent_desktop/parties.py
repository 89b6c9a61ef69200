"""Outside parties as the city changed them in the database, and who keeps which at hand; each change with its audit row."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from sqlalchemy import Connection, Engine, delete, select
from sqlalchemy.exc import IntegrityError

from agent_desktop.pinyin import initials_of
from hotline_core.adapters.audit import Facts, write_audit
from hotline_core.adapters.engine import reading, writing
from hotline_core.adapters.tickets_schema import favourite_parties, parties
from hotline_core.city import RESERVED_PARTY
from hotline_core.domain.numbers import national
from hotline_core.errors import BadInput, Conflict, NotFound
from hotline_core.log import Log
from ivr.menu import Connect, MenuError, load_menus
from transfer.directory import KEY, Directory, Party, data_of, may_have, overlaid, party_of

_KEY = re.compile(KEY)
MOST_PARTIES = 1000
MOST_FAVOURITES = 100


@dataclass(frozen=True, slots=True)
class Stored:
    """What the database holds: changes over the city's file (None: removed), and the favourites of each login."""

    changes: Mapping[str, Party | None]
    favourites: Mapping[str, frozenset[str]]


class Parties:
    """Reads and changes the directory; synchronous, call it off the event loop.

    `given` are the parties of the city's file, `allow` the city's numbers that may be dialled, `in_menus` the parties that a menu
    leads callers to.
    """

    def __init__(self, engine: Engine, given: Directory, allow: Collection[str], in_menus: Collection[str], log: Log) -> None:
        self._engine = engine
        self._given = given
        self._allow = tuple(allow)
        self._city_numbers = frozenset(number for party in given.values() for number in party.numbers)
        self._in_menus = frozenset(in_menus)
        self._log = log
        self._unreadable: set[str] = set()  # told once

    def read(self) -> Stored:
        """Everything there is."""
        with reading(self._engine) as connection:
            return Stored(self._changes(connection), _favourites(connection))

    def put(self, key: str, data: Mapping[str, object], *, actor: str, now: float) -> Party:
        """Add or change a party; BadInput names the field.

        Conflict `party_stays`: a menu leads callers there, or the city's file has it for emergencies, and it would be so no more.
        """
        if not _KEY.fullmatch(key) or key == RESERVED_PARTY:
            raise BadInput("bad_party", field="key")
        written = data.get("numbers")
        if isinstance(written, list) and all(isinstance(number, str) for number in written):
            data = {**data, "numbers": list(dict.fromkeys(national(number) for number in written))}
        party = searchable(party_of(key, data))
        if not may_have(party.numbers, party.kind, self._allow, self._city_numbers):
            raise BadInput("party_number_not_allowed", field="numbers")
        if self._stays(key) and (party.is_emergency != self._given[key].is_emergency or (key in self._in_menus and not party.menu)):
            raise Conflict("party_stays")
        with writing(self._engine) as connection:
            before = overlaid(self._given, self._changes(connection))
            if key not in before and len(before) >= MOST_PARTIES:
                raise Conflict("too_many_parties", most=MOST_PARTIES)
            # the audit first: its lock lets writers pass one by one
            write_audit(connection, at=now, actor=actor, act="party_put", subject=key, facts=_facts(party, before.get(key)))
            _write(connection, key, json.dumps(data_of(party), ensure_ascii=False))
        return party

    def remove(self, key: str, *, actor: str, now: float) -> None:
        """Take a party out of the directory and out of everybody's favourites; NotFound, Conflict `party_stays`."""
        if self._stays(key):
            raise Conflict("party_stays")
        with writing(self._engine) as connection:
            before = overlaid(self._given, self._changes(connection))
            if key not in before:
                raise NotFound("unknown_party")
            write_audit(connection, at=now, actor=actor, act="party_removed", subject=key, facts={"name": before[key].name})
            _write(connection, key, None)
            connection.execute(delete(favourite_parties).where(favourite_parties.c.party == key))

    def keep(self, login: str, key: str, is_kept: bool) -> None:
        """Make a party a favourite of one person, or none any more; NotFound, Conflict."""
        try:
            with writing(self._engine) as connection:
                self._keep(connection, login, key, is_kept)
        except IntegrityError:  # PostgreSQL: two clicks at once, and one was first
            return

    def _keep(self, connection: Connection, login: str, key: str, is_kept: bool) -> None:
        mine = favourite_parties.c.login == login
        connection.execute(delete(favourite_parties).where(mine, favourite_parties.c.party == key))
        if not is_kept:
            return
        if key not in overlaid(self._given, self._changes(connection)):
            raise NotFound("unknown_party")
        if len(connection.scalars(select(favourite_parties.c.party).where(mine)).all()) >= MOST_FAVOURITES:
            raise Conflict("too_many_favourites", most=MOST_FAVOURITES)
        connection.execute(favourite_parties.insert().values(login=login, party=key))

    def _stays(self, key: str) -> bool:
        """Whether the party must be there: at a click in an emergency, at a key of a menu."""
        return key in self._given and (key in self._in_menus or self._given[key].is_emergency)

    def _changes(self, connection: Connection) -> dict[str, Party | None]:
        found: dict[str, Party | None] = {}
        for row in connection.execute(select(parties).order_by(parties.c.key)):
            try:
                found[row.key] = None if row.data is None else searchable(party_of(row.key, json.loads(row.data)))
            except (ValueError, BadInput):  # written by another version: the city's file counts, and nobody is left without 110
                if row.key not in self._unreadable:
                    self._unreadable.add(row.key)
                    self._log.error("a party of the database cannot be read", party=row.key)
        return found


def parties_in_menus(folder: Path, log: Log) -> frozenset[str]:
    """The parties that menus lead callers to; none while a menu cannot be read, which the bridge and `make check-config` tell."""
    try:
        menus = load_menus(folder).values()
    except MenuError as error:
        log.error("a menu cannot be read", reason=str(error))
        return frozenset()
    return frozenset(node.party for menu in menus for node in menu.nodes.values() if isinstance(node, Connect))


def searchable(party: Party) -> Party:
    """The party with the pinyin initials of its name."""
    return replace(party, initials=initials_of(party.name))


def _write(connection: Connection, key: str, text: str | None) -> None:
    connection.execute(delete(parties).where(parties.c.key == key))
    connection.execute(parties.insert().values(key=key, data=text))


def _favourites(connection: Connection) -> dict[str, frozenset[str]]:
    found: dict[str, set[str]] = {}
    for row in connection.execute(select(favourite_parties)):
        found.setdefault(row.login, set()).add(row.party)
    return {login: frozenset(keys) for login, keys in found.items()}


def _facts(party: Party, before: Party | None) -> Facts:
    """What the trail tells of a change; numbers too, but for an expert's, which may be a private one."""
    told: dict[str, str | int | float | bool | None] = {"name": party.name, "kind": party.kind, "is_new": before is None}
    if party.kind != "expert" and (before is None or before.kind != "expert"):
        told["numbers"] = ",".join(party.numbers)
        if before is not None and before.numbers != party.numbers:
            told["numbers_before"] = ",".join(before.numbers)
    return told
