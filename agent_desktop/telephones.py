"""Keeps the telephones in Asterisk as people and their sign-ins want them: at once when asked, and again every few seconds.

A password is in force from the moment Asterisk has it until its sign-in ends (sign-out, 12 hours, a newer sign-in that opens
the desk's page, a disabled or changed person). The bridge may be away: what could not be asked is asked again.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager

from sqlalchemy import Engine

from agent_desktop.blocking import Blocking
from agent_desktop.gate import Caller, Gate
from agent_desktop.intents import BridgeClient, Reply
from agent_desktop.people import Person
from agent_desktop.phone_holders import Holder, PhoneHolders
from agent_desktop.refusals import NotSignedIn, Unavailable
from agent_desktop.telephone_plan import Leave, MoveQueues, RemovePhone, SetPhone, Step, Wanted, plan, wanted_for
from asterisk_conf.telephones import Telephones, digest_of
from hotline_core.adapters.secrets import Secrets
from hotline_core.adapters.tasks import Tasks
from hotline_core.errors import Conflict
from hotline_core.log import Log

LIST_AGAIN_S = 10.0
TURN_S = 4.0  # of waiting for those before us: with the bridge's answer a page still hears of it before it gives up
MOST_STEPS = 50  # at a time, so that a sign-in never waits long behind the first start of a big city


class PhoneKeeper:
    """One for the desk; everything that changes telephones waits for its turn, so that old never overtakes new."""

    def __init__(
        self,
        engine: Engine,
        threads: Blocking,
        gate: Gate,
        bridge: BridgeClient,
        tasks: Tasks,
        secrets: Secrets,
        telephones: Telephones,
        first_queue: str,
        now: Callable[[], float],
        log: Log,
    ) -> None:
        self._holders = PhoneHolders(engine)
        self._threads = threads
        self._gate = gate
        self._bridge = bridge
        self._tasks = tasks
        self._secrets = secrets
        self._telephones = telephones
        self._first_queue = first_queue
        self._now = now
        self._log = log
        self._turn = asyncio.Lock()
        self._seen: dict[str, Holder] = {}  # as last read from the database
        self._known: dict[str, str] = {}  # what Asterisk has: extension -> mark
        self._listed_at = 0.0
        self._queues: dict[str, tuple[str, ...]] = {}  # what the bridge was told

    def password(self, caller: Caller) -> str:
        """The SIP password of the caller's page in this sign-in."""
        return self._secrets.sip_password(caller.extension, caller.sid)

    async def provide(self, caller: Caller, person: Person) -> Holder | None:
        """Make the caller's telephone theirs; whom it was taken from.

        Conflict (`phone_elsewhere`) when a newer sign-in has it, Unavailable (`phone_not_ready`) when Asterisk does not have the
        password yet. A page that had it already is answered also with the bridge or the database away.
        """
        wish = Holder(caller.extension, caller.login, caller.role, caller.sid, caller.issued)
        async with self._my_turn():
            if not self._gate.may_stay(caller):  # signed out or disabled while we waited
                raise NotSignedIn()
            holder, taken_from = await self._claimed(wish)
            wanted = wanted_for(person, holder, self._page_digest)
            if wanted is None:  # a hardware telephone whose password nobody has made yet
                return taken_from
            if holder.set_at is not None:  # a reload: no need to wait, Asterisk has it unless its database was lost
                self._tasks.spawn("telephone again", self._again(wanted, holder))
                return taken_from
            reply = await self._set(wanted, holder)
            if not reply.ok:
                raise Unavailable("phone_not_ready", reason=reply.code)
            return taken_from

    async def _again(self, wanted: Wanted, holder: Holder) -> None:
        try:
            async with self._my_turn():
                if self._seen.get(holder.extension, holder).sid == holder.sid:
                    await self._set(wanted, holder)
        except Unavailable:
            return  # `reconcile` looks again

    @asynccontextmanager
    async def _my_turn(self) -> AsyncGenerator[None, None]:
        """Unavailable (`phone_not_ready`) when those before us take too long: a bridge that hangs costs each of them seconds."""
        try:
            async with asyncio.timeout(TURN_S):
                await self._turn.acquire()
        except TimeoutError:
            raise Unavailable("phone_not_ready", reason="others_first") from None
        try:
            yield
        finally:
            self._turn.release()

    async def _claimed(self, wish: Holder) -> tuple[Holder, Holder | None]:
        try:
            holder, taken_from = await self._threads.run(lambda: self._holders.claim(wish))
        except Unavailable:
            seen = self._seen.get(wish.extension)
            if seen is not None and seen.login == wish.login and seen.issued > wish.issued:
                raise Conflict("phone_elsewhere") from None
            return (seen if seen is not None and seen.sid == wish.sid else wish), None
        self._seen[holder.extension] = holder
        return holder, taken_from

    async def reconcile(self) -> bool:
        """Ask the bridge for whatever differs from what should be; False when something is left for the next time."""
        try:
            async with self._my_turn():
                return await self._reconcile()
        except Unavailable:
            return False  # health tells it

    async def _reconcile(self) -> bool:
        people = self._gate.people  # not before our turn: what is known by then
        if people is None:
            return False
        self._seen = await self._threads.run(self._holders.everyone)
        if not await self._listed():
            return False
        now = self._now()
        steps = plan(
            people.values(),
            self._seen,
            lambda holder: self._gate.is_holding(holder, now),
            self._page_digest,
            self._mark,
            self._known,
            self._queues,
        )
        for step in steps[:MOST_STEPS]:
            if not await self._take(step):
                return False
        later = {step.extension for step in steps[MOST_STEPS:] if isinstance(step, MoveQueues)}
        told = {person.extension: person.queues for person in people.values() if person.extension not in later}
        self._queues = {**{extension: self._queues[extension] for extension in later}, **told}
        return len(steps) <= MOST_STEPS

    async def leave(self, caller: Caller) -> None:
        """The caller signed out: no more calls, and the password is dead."""
        async with self._turn:
            holder = self._seen.get(caller.extension)
            if holder is None or holder.sid == caller.sid:
                await self._take(Leave(Holder(caller.extension, caller.login, caller.role, caller.sid, caller.issued)))
        await self.reconcile()

    async def _take(self, step: Step) -> bool:
        """Carry out one step; False when the bridge is away, so that the others need not be tried now."""
        match step:
            case SetPhone():
                reply = await self._set(step.wanted, step.holder)
            case RemovePhone():
                reply = await self._bridge.ask("phone_remove", agent=step.extension)
                if reply.ok:
                    self._known.pop(step.extension, None)
            case MoveQueues():
                queues = list(step.queues) or [self._first_queue]
                reply = await self._bridge.ask("queues", agent=step.extension, more={"queues": queues})
            case Leave():
                reply = await self._bridge.ask("sign_out", agent=step.holder.extension, reason="signed_out")
                if reply.ok or reply.code == "asterisk_refused":  # refused: was no member
                    await self._released(step.holder)
        if not reply.ok:
            self._log.warning("the bridge did not take a change", step=type(step).__name__, code=reply.code)
        return reply.code not in ("bridge_down", "bridge_lost", "asterisk_down")

    async def _released(self, holder: Holder) -> None:
        try:
            await self._threads.run(lambda: self._holders.release(holder))
        except Unavailable:
            return  # the row is looked at again
        self._seen.pop(holder.extension, None)

    async def _set(self, wanted: Wanted, holder: Holder | None) -> Reply:
        reply = await self._bridge.ask("phone_set", agent=wanted.extension, more={"kind": wanted.kind, "digest": wanted.digest})
        if reply.ok:
            self._known[wanted.extension] = self._mark(wanted)
            if holder is not None and holder.set_at is None:
                await self._confirmed(holder)
        return reply

    async def _confirmed(self, holder: Holder) -> None:
        try:
            await self._threads.run(lambda: self._holders.confirm(holder, self._now()))
        except Unavailable:
            return  # only a reload with the bridge away would have wanted to know

    async def _listed(self) -> bool:
        """Know what Asterisk has: at first, and now and then: a killed Asterisk loses what its database had not committed."""
        if self._listed_at and self._now() - self._listed_at < LIST_AGAIN_S:
            return True
        reply = await self._bridge.ask("phone_list")
        phones = reply.facts.get("phones")
        if not reply.ok or not isinstance(phones, dict):
            return False
        self._known = {str(extension): str(mark) for extension, mark in phones.items()}
        self._listed_at = self._now()
        return True

    def _page_digest(self, extension: str, sid: str) -> str:
        return digest_of(extension, self._secrets.sip_password(extension, sid))

    def _mark(self, wanted: Wanted) -> str:
        return self._telephones.telephone(wanted.extension, wanted.kind, wanted.digest).mark
