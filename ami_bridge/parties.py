"""The directory of outside parties as the bridge needs it: the city's file, overlaid by the desk's changes, kept in astdb.

Kept there, so that an emergency act needs neither Redis nor a database: `hldir/KEY` for the bridge itself, `hlparty/KEY` for the
dialplan (`KIND,NUMBER&NUMBER`). A party that was removed keeps an empty entry, or the city's file would bring it back.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Mapping

from pydantic import ValidationError

from ami_bridge import intents
from ami_bridge.connection import Connection
from ami_bridge.intents import Intent
from hotline_core.city import Party
from hotline_core.errors import AmiError, BadInput
from hotline_core.log import Log

OPS = frozenset({"party_put", "party_remove", "party_list"})
FAMILY, DIALPLAN = "hldir", "hlparty"
KEY = re.compile(r"[a-z][a-z0-9_-]{0,30}")
KEPT = ("name", "numbers", "kind")  # what calling a party needs; the rest lives in the desk's database
LONGEST_ENTRY = 900  # bytes; a line of AMI has 1024 at most
MOST_WAITING = 256


class PartyStore:
    """Carries out party_put, party_remove and party_list; `parties` is what is in force."""

    def __init__(self, city: Mapping[str, Party], log: Log) -> None:
        self._city = dict(city)
        self._overlay: dict[str, Party | None] = {}
        self._log = log
        self._asked: asyncio.Queue[tuple[Intent, Connection]] = asyncio.Queue(MOST_WAITING)
        self.parties: Mapping[str, Party] = dict(city)

    def take(self, intent: Intent, link: Connection) -> None:
        """Queue a request; it is answered through its reply."""
        try:
            self._asked.put_nowait((intent, link))
        except asyncio.QueueFull:
            intent.reply(intents.refused(intent.intent_id, "overloaded"))

    async def run(self) -> None:
        """Carry out one request after the other until cancelled."""
        while True:
            intent, link = await self._asked.get()
            try:
                intent.reply(intents.done(intent.intent_id, await self._carry_out(intent, link)))
            except BadInput as error:
                intent.reply(intents.refused(intent.intent_id, "bad_input", error.facts))
            except AmiError as error:
                code = "asterisk_refused" if error.code == "refused" else "asterisk_down"
                self._log.warning("the directory could not be changed", op=intent.op, party=intent.party, why=str(error))
                intent.reply(intents.refused(intent.intent_id, code))

    def restore(self, kept: Mapping[str, str]) -> None:
        """Take over what astdb holds (key -> entry) after a login; an entry that cannot be read counts as not there."""
        self._overlay = {}
        for key, text in kept.items():
            try:
                data = json.loads(text)
                self._overlay[key] = party_of(data) if data else None
            except (ValueError, BadInput):
                self._log.error("an entry of the directory cannot be read", party=key)
        self._in_force()

    async def _carry_out(self, intent: Intent, link: Connection) -> dict[str, object]:
        if intent.op == "party_list":
            told = {key: {"name": one.name, "numbers": list(one.numbers), "kind": one.kind} for key, one in self.parties.items()}
            return {"parties": told}
        if not KEY.fullmatch(intent.party):
            raise BadInput(field="party")
        party = party_of(intent.data) if intent.op == "party_put" else None
        entry = entry_of(party)
        if len(entry.encode()) > LONGEST_ENTRY:
            raise BadInput(field="data")
        # the dialplan first: it is what the menu's callers reach
        known = party or self.parties.get(intent.party)
        for_dialplan = f"{known.kind if known else ''},{'&'.join(party.numbers) if party else ''}"
        await link.ask("DBPut", [("Family", DIALPLAN), ("Key", intent.party), ("Val", for_dialplan)])
        await link.ask("DBPut", [("Family", FAMILY), ("Key", intent.party), ("Val", entry)])
        self._overlay[intent.party] = party
        self._in_force()
        self._log.info("directory changed", op=intent.op, party=intent.party)
        return {}

    def _in_force(self) -> None:
        merged: dict[str, Party | None] = {**self._city, **self._overlay}
        self.parties = {key: party for key, party in merged.items() if party is not None}


def party_of(data: Mapping[str, object]) -> Party:
    """A party as it was written down; BadInput names the first field that cannot be used."""
    try:
        return Party.model_validate({name: data[name] for name in KEPT if name in data})
    except ValidationError as error:
        raise BadInput(field=str(next(iter(error.errors()[0]["loc"]), "data"))) from None


def entry_of(party: Party | None) -> str:
    """What astdb keeps of a party; of one that was removed an empty object."""
    return json.dumps(party.model_dump(include=set(KEPT)) if party else {}, ensure_ascii=False, separators=(",", ":"))
