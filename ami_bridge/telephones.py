"""Agents' telephones in Asterisk's own database, put there and taken away while calls run; one request after the other.

Sorcery reads the objects at each use, so a new password is in force with its DBPut. Two things it does not notice by itself
(Asterisk 22.10): an AOR it has never seen is not watched (its queue member stays unavailable) until "pjsip reload qualify
endpoint", which touches no other object; and a contact outlives the password it was registered with, so it is taken away here.
Requests inside a dialog are not authenticated again: a running talk does not notice any of this.
"""

from __future__ import annotations

import asyncio
import secrets

from ami_bridge import intents
from ami_bridge.connection import Connection
from ami_bridge.intents import Intent
from ami_bridge.jumps import kept
from asterisk_conf.telephones import KINDS, Telephones, user_of
from hotline_core.errors import AmiError
from hotline_core.log import Log

OPS = frozenset({"phone_set", "phone_remove", "phone_list"})
FAMILY = "hlphone"  # extension -> mark of the telephone that is completely there
CONTACTS = "registrar/contact"
MOST_WAITING = 256


class TelephoneStore:
    """Carries out phone_set, phone_remove and phone_list."""

    def __init__(self, telephones: Telephones, log: Log) -> None:
        self._telephones = telephones
        self._log = log
        self._asked: asyncio.Queue[tuple[Intent | float, Connection]] = asyncio.Queue(MOST_WAITING)

    def take(self, intent: Intent, link: Connection) -> None:
        """Queue a request; it is answered through its reply."""
        if intent.op != "phone_list" and not (intent.agent and (intent.op == "phone_remove" or _is_whole(intent))):
            intent.reply(intents.refused(intent.intent_id, "bad_input", {"field": "agent, kind or digest"}))
            return
        try:
            self._asked.put_nowait((intent, link))
        except asyncio.QueueFull:
            intent.reply(intents.refused(intent.intent_id, "overloaded"))

    def shift(self, by_s: float, link: Connection) -> None:
        """The clock was set on by so many seconds, or back: registrations shall end neither at once nor hours later.

        Asterisk forgets one that has ended when it next looks for it, a second later; a page or a telephone learns of it with its
        next registration alone.
        """
        try:
            self._asked.put_nowait((by_s, link))
        except asyncio.QueueFull:
            self._log.warning("registrations do not follow the clock", why="overloaded")

    async def run(self) -> None:
        """Carry out one request after the other until cancelled."""
        while True:
            intent, link = await self._asked.get()
            try:
                if isinstance(intent, float):
                    await self._shift(intent, link)
                    continue
                intent.reply(intents.done(intent.intent_id, await self._carry_out(intent, link)))
            except AmiError as error:
                if isinstance(intent, float):
                    self._log.warning("registrations do not follow the clock", why=str(error))
                    continue
                code = "asterisk_refused" if error.code == "refused" else "asterisk_down"
                self._log.warning("a telephone could not be changed", op=intent.op, extension=intent.agent, why=str(error))
                intent.reply(intents.refused(intent.intent_id, code))

    async def _carry_out(self, intent: Intent, link: Connection) -> dict[str, object]:
        if intent.op == "phone_list":
            return {"phones": await self._tree(link, FAMILY)}
        if intent.op == "phone_remove":
            await self._remove(link, intent.agent)
            return {}
        kind = next(kind for kind in KINDS if kind == intent.kind)
        telephone = self._telephones.telephone(intent.agent, kind, intent.digest)
        changed = await self._mark(link, intent.agent) != telephone.mark
        if changed:
            await self._delete(link, FAMILY, intent.agent)  # half-done must not look done
            await self._lock(link, intent.agent)
            for sort, text in telephone.objects.items():
                await link.ask("DBPut", [("Family", f"ps/{sort}"), ("Key", telephone.user), ("Val", text)])
            await self._watch(link, telephone.user)
            await link.ask("DBPut", [("Family", FAMILY), ("Key", intent.agent), ("Val", telephone.mark)])
            self._log.info("telephone set", extension=intent.agent, kind=kind)
        return {"changed": changed}

    async def _shift(self, by_s: float, link: Connection) -> None:
        for key, contact in (await self._tree(link, CONTACTS)).items():
            if told := kept(contact, by_s):
                await link.ask("DBPut", [("Family", CONTACTS), ("Key", key), ("Val", told)])

    async def _remove(self, link: Connection, extension: str) -> None:
        user = user_of(extension)
        await self._lock(link, extension)
        try:
            await self._watch(link, user)
        except AmiError as error:
            if error.code != "refused":  # refused: the endpoint went when this was tried before
                raise
        for sort in ("endpoint", "aor", "auth"):
            await self._delete(link, f"ps/{sort}", user)
        await self._delete(link, FAMILY, extension)
        self._log.info("telephone removed", extension=extension)

    async def _mark(self, link: Connection, extension: str) -> str:
        for packet in await link.ask_list("DBGet", [("Family", FAMILY), ("Key", extension)]):
            if packet.text("Event") == "DBGetResponse":
                return packet.text("Val")
        return ""

    async def _lock(self, link: Connection, extension: str) -> None:
        """No password opens the telephone any more, and whoever registered with the former one is called no more.

        In this order, and before another password opens it: a telephone that registers as soon as it can would lose its contact.
        """
        locked = self._telephones.telephone(extension, "hardware", secrets.token_hex(16))
        await link.ask("DBPut", [("Family", "ps/auth"), ("Key", locked.user), ("Val", locked.objects["auth"])])
        for key in await self._tree(link, CONTACTS):
            if key.startswith(f"{locked.user};@"):
                await self._delete(link, CONTACTS, key)

    async def _tree(self, link: Connection, family: str) -> dict[str, str]:
        entries = await link.ask_list("DBGetTree", [("Family", family)])
        return {
            packet.text("Key").rpartition("/")[2]: packet.text("Val")
            for packet in entries
            if packet.text("Event") == "DBGetTreeResponse"
        }

    async def _watch(self, link: Connection, user: str) -> None:
        """Let Asterisk look at the endpoint's AOR and contacts afresh; it keeps no state of objects that came by DBPut."""
        await link.ask("Command", [("Command", f"pjsip reload qualify endpoint {user}")])

    async def _delete(self, link: Connection, family: str, key: str) -> None:
        try:
            await link.ask("DBDel", [("Family", family), ("Key", key)])
        except AmiError as error:
            if error.code != "refused":  # refused: there was no such entry
                raise


def _is_whole(intent: Intent) -> bool:
    return intent.kind in KINDS and len(intent.digest) == 32 and set(intent.digest) <= set("0123456789abcdef")
