"""The directory of outside parties as the bridge needs it: the city's file, overlaid by the desk's changes, kept in astdb.

Kept there, so that an emergency act needs neither Redis nor a database: `hldir/KEY` for the bridge itself (JSON), `hlparty/KEY` for
the dialplan (`KIND,NUMBER&NUMBER`). A party that was removed keeps an entry, or the city's file would bring it back.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Mapping

from ami_bridge import intents
from ami_bridge.connection import Connection
from ami_bridge.intents import Intent
from hotline_core.errors import AmiError, BadInput
from hotline_core.log import Log
from transfer import directory
from transfer.directory import Directory, Party

OPS = frozenset({"party_put", "party_remove", "party_list"})
FAMILY, DIALPLAN = "hldir", "hlparty"
KEY = re.compile(directory.KEY)
REMOVED = "{}"
MOST_WAITING = 256


class PartyStore:
    """Carries out party_put, party_remove and party_list; `parties` is what is in force."""

    def __init__(self, city: Directory, log: Log) -> None:
        self._city = city
        self._changes: dict[str, Party | None] = {}
        self._log = log
        self._asked: asyncio.Queue[tuple[Intent, Connection]] = asyncio.Queue(MOST_WAITING)
        self.parties: Directory = city

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
        self._changes = {}
        for key, entry in kept.items():
            try:
                self._changes[key] = None if entry == REMOVED else directory.party_of(key, json.loads(entry))
            except (ValueError, BadInput):
                self._log.error("an entry of the directory cannot be read", party=key)
        self.parties = directory.overlaid(self._city, self._changes)

    async def _carry_out(self, intent: Intent, link: Connection) -> dict[str, object]:
        if intent.op == "party_list":
            return {"parties": {key: directory.calling_data(party) for key, party in self.parties.items()}}
        key = intent.party
        if not KEY.fullmatch(key):
            raise BadInput(field="party")
        party = directory.party_of(key, dict(intent.data)) if intent.op == "party_put" else None
        # the dialplan first: it is what the menu's callers reach
        known = party or self.parties.get(key)
        dialled = f"{known.kind if known else ''},{'&'.join(party.numbers) if party else ''}"
        await link.ask("DBPut", [("Family", DIALPLAN), ("Key", key), ("Val", dialled)])
        await link.ask("DBPut", [("Family", FAMILY), ("Key", key), ("Val", entry_of(party))])
        self._changes[key] = party
        self.parties = directory.overlaid(self._city, self._changes)
        self._log.info("directory changed", op=intent.op, party=key)
        return {}


def entry_of(party: Party | None) -> str:
    """What astdb keeps of a party; hours and words stay in the desk's database, as a line of AMI has 1024 bytes at most."""
    return json.dumps(directory.calling_data(party), ensure_ascii=False, separators=(",", ":")) if party else REMOVED
