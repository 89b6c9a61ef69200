"""The directory as the desk holds it in memory: no page, no search and no emergency ever waits for a database."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from agent_desktop.gate import Caller
from agent_desktop.parties import Stored, searchable
from hotline_core.errors import BadInput
from transfer.directory import Directory, Party, data_of, found, is_open, may_use, overlaid, party_of

Told = dict[str, object]


class PartyBook:
    """The parties of the city's file, over them what the database said last, or the bridge while no database has answered."""

    def __init__(self, given: Directory) -> None:
        self._given = {key: searchable(party) for key, party in given.items()}
        self._favourites: Mapping[str, frozenset[str]] = {}
        self.is_sure = False  # the database has answered
        self.parties: Directory = self._given
        self._open: frozenset[str] = frozenset()

    def learn(self, stored: Stored) -> bool:
        """Take over what the database holds; True when a page would show something else than before."""
        before = (self.parties, self._favourites)
        self.parties, self._favourites = overlaid(self._given, stored.changes), stored.favourites
        self.is_sure = True
        return before != (self.parties, self._favourites)

    def borrow(self, parties: Mapping[str, object]) -> bool:
        """While no database has answered: what the bridge calls by, so that a number changed last week is not the file's old one.

        `parties` are name, numbers and kind by key; hours, words and roles stay the file's. True when anything changed.
        """
        if self.is_sure:
            return False
        borrowed: dict[str, Party | None] = dict.fromkeys(self._given)
        for key, data in parties.items():
            try:
                told = searchable(party_of(key, data))
            except BadInput:
                borrowed.pop(key, None)
                continue
            mine = self._given.get(key)
            same = replace(mine, name=told.name, numbers=told.numbers, kind=told.kind, initials=told.initials) if mine else told
            borrowed[key] = same
        before, self.parties = self.parties, overlaid(self._given, borrowed)
        return before != self.parties

    def turned(self, now: float) -> bool:
        """Whether somebody's hours began or ended since this was asked last."""
        before, self._open = self._open, frozenset(key for key, party in self.parties.items() if is_open(party, now))
        return before != self._open

    def party(self, key: str) -> Party | None:
        """The party of a key."""
        return self.parties.get(key)

    def told(self, caller: Caller, now: float, *, sees_all: bool, sought: str = "") -> list[Told]:
        """The parties that a caller may use, or all of them, as a page is told; favourites are the caller's own."""
        mine = self._favourites.get(caller.login, frozenset())
        return [
            {
                "key": party.key, **data_of(party), "initials": party.initials, "open": is_open(party, now),
                "favourite": party.key in mine,
            }
            for party in found(self.parties.values(), sought)
            if sees_all or may_use(party, caller.role)
        ]  # fmt: skip
