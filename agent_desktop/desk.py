"""All parts of the desk's process in one frozen value: opened once, handed to routes and websockets."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import Engine

from agent_desktop.agent_days import AgentDays
from agent_desktop.audit_reading import AuditTrail, load_act_names
from agent_desktop.auth import Passwords, SignIn
from agent_desktop.blocking import Blocking
from agent_desktop.callback_lists import CallbackLists
from agent_desktop.callback_marks import CallbackMarks
from agent_desktop.day_counter import DayCounter
from agent_desktop.dial_tests import DialTestReader
from agent_desktop.drafts import Drafts
from agent_desktop.exporting import Exporting
from agent_desktop.gate import Gate
from agent_desktop.health import Health
from agent_desktop.health_board import HealthBoard
from agent_desktop.hub import Hub
from agent_desktop.intents import BridgeClient
from agent_desktop.knowledge.store import Knowledge
from agent_desktop.late_audit import LateAudit
from agent_desktop.listening import Listening, load_reasons
from agent_desktop.parties import Parties, parties_in_menus
from agent_desktop.party_book import PartyBook
from agent_desktop.party_keeper import PartyKeeper
from agent_desktop.pause_reasons import PauseReasons, told
from agent_desktop.people import People
from agent_desktop.recording_notes import Notes
from agent_desktop.refusals import Unavailable
from agent_desktop.refused_listening import RefusedListening
from agent_desktop.rights import Rights, load_rights
from agent_desktop.sounds import Sounds
from agent_desktop.telephones import PhoneKeeper
from agent_desktop.ticket_parts import TicketParts, open_tickets
from agent_desktop.tokens import Tokens
from agent_desktop.topics import AuditedTopics, end_topics
from agent_desktop.wording import Wording, load_wording
from asterisk_conf.probe_account import probe_caller
from asterisk_conf.telephones import load_telephones
from hotline_core.adapters import places_file, ports, secrets
from hotline_core.adapters.callback_store import CallbackStore
from hotline_core.adapters.calls_store import CallsStore
from hotline_core.adapters.engine import make_engine
from hotline_core.adapters.keeping_store import KeepingStore
from hotline_core.adapters.live import Beats, Delta, LiveReader, Lost, Snapshot
from hotline_core.adapters.recording_search import RecordingSearch
from hotline_core.adapters.secrets import Secrets
from hotline_core.adapters.sound_store import SoundStore
from hotline_core.adapters.tasks import Tasks
from hotline_core.adapters.transfer_store import TransferStore
from hotline_core.city import City
from hotline_core.domain.places import Places
from hotline_core.log import Log, where
from hotline_core.settings import Settings, load_city
from ivr.menu import MENUS_FOLDER
from ivr.topics import Topics
from recordings.alarms import tell_altered
from recordings.cabinet import open_cabinet
from recordings.holds import Holds
from recordings.naming import Piece
from recordings.training import Training
from tickets.store.policy_keeper import PolicyKeeper
from transfer.directory import parties_of

REFRESH_S = 5.0
LIVE = "live view"
DAY = "day's counts"
DIAL_TESTS = "dial-tests"
GATE = "gate"
TOPICS = "topics"
LATE_AUDIT = "late audit"
SETTLE_S = 0.5
# Websocket close codes: come back in a moment; sign in first.
SERVICE_RESTART = 1012
NOT_SIGNED_IN = 4401


@dataclass(frozen=True, slots=True)
class Desk:
    """Everything a request may need."""

    settings: Settings
    city: City
    secrets: Secrets
    rights: Rights
    wording: Wording
    log: Log
    now: Callable[[], float]
    tasks: Tasks
    calls_engine: Engine
    tickets_engine: Engine
    calls_threads: Blocking
    tickets_threads: Blocking
    gate: Gate
    sign_in: SignIn
    tokens: Tokens
    drafts: Drafts
    calls: CallsStore
    recording_search: RecordingSearch
    transfers: TransferStore
    callbacks: CallbackLists
    listening: Listening
    refused_listening: RefusedListening
    audit_trail: AuditTrail
    notes: Notes
    keeping: KeepingStore
    holds: Holds
    training: Training
    sounds: Sounds
    sound_store: SoundStore
    sound_threads: Blocking
    board: HealthBoard
    hub: Hub
    bridge: BridgeClient
    phones: PhoneKeeper
    health: Health
    live: LiveReader
    day: DayCounter
    dial_tests: DialTestReader
    topics: AuditedTopics
    people: People
    pause_reasons: PauseReasons
    parties: PartyBook
    party_store: Parties
    party_keeper: PartyKeeper
    late_audit: LateAudit
    policy: PolicyKeeper
    tickets: TicketParts
    exporting: Exporting
    knowledge: Knowledge
    agent_days: AgentDays
    places: Places

    def start(self) -> None:
        """Start the background: live view, pollers, who may come in."""
        self.exporting.clear()
        self.health.start(self.tasks)
        self.tasks.spawn(LIVE, self._follow_live())
        self.tasks.spawn(GATE, self._refresh_gate())
        self.tasks.spawn(DAY, self.day.run())
        self.tasks.spawn(DIAL_TESTS, self.dial_tests.run())
        self.tasks.spawn(LATE_AUDIT, self.late_audit.run())
        self.tasks.spawn(TOPICS, end_topics(self.topics, self.tickets_threads, self.now, self.log))

    async def close(self) -> None:
        """Stop everything that was started; safe to call once."""
        self.hub.close(SERVICE_RESTART)
        await self.bridge.close()
        await self.late_audit.settle(SETTLE_S)
        await self.tasks.close(timeout_s=1.0)
        self.day.close()
        self.dial_tests.close()
        self.exporting.close()
        for threads in (self.calls_threads, self.tickets_threads, self.sound_threads):
            threads.close()
        self.calls_engine.dispose()
        self.tickets_engine.dispose()

    async def _follow_live(self) -> None:
        async for event in self.live.events():
            match event:
                case Snapshot():
                    self.hub.replace(event)
                case Delta():
                    self.hub.change(event)
                case Beats():
                    self.health.beats(event)
                case Lost():
                    self.log.warning("live view lost", reason=event.reason)
                    self.hub.lost()
                    self.health.redis_lost()

    async def _refresh_gate(self) -> None:
        """Learn every few seconds what was changed elsewhere: people, sessions, pause reasons, parties, rules of tickets."""
        while True:
            await self.people_changed()
            await self.reasons_changed()
            await self.parties_changed()
            await self.policy_changed()
            await asyncio.sleep(REFRESH_S)

    async def people_changed(self) -> bool:
        """Put in force what the database says of people and sessions now; False while the telephones' side still waits."""
        async with self.gate.learning:
            before = self.gate.people or {}
            try:
                self.gate.learn(await self.tickets_threads.run(lambda: self.gate.fetch(self.now())))
            except Unavailable:
                return False  # health tells it; what was known last stays in force
        for client in self.hub.clients:
            was = before.get(client.caller.login)
            if not self.gate.may_stay(client.caller):
                client.close(NOT_SIGNED_IN)
            elif was is not None and was.phone_kind != self.gate.person(client.caller).phone_kind:
                client.close(SERVICE_RESTART)  # the page comes back and looks after its telephone
        return await self.phones.reconcile()

    async def reasons_changed(self) -> None:
        """Tell open pages the pause reasons if they are others than before."""
        with contextlib.suppress(Unavailable):
            self.hub.reasons_changed(told(await self.tickets_threads.run(self.pause_reasons.everyone)))

    async def policy_changed(self) -> bool:
        """Put in force the rules of tickets and the units as files and database have them; True when they are others."""
        try:
            return await self.tickets_threads.run(self.policy.refresh)
        except Unavailable:
            return False  # health tells it; what was known last stays in force

    async def parties_changed(self) -> bool:
        """Put the directory in force as the database has it; False while the bridge still waits for it."""
        changed = False
        with contextlib.suppress(Unavailable):
            changed = self.parties.learn(await self.tickets_threads.run(self.party_store.read))
        if self.parties.turned(self.now()) or changed:
            self.hub.parties_changed()
        return await self.party_keeper.reconcile()


def open_desk(settings: Settings, log: Log, now: Callable[[], float]) -> Desk:
    """Make every part; nothing is started yet and no server needs to be there."""
    kept = secrets.load_or_make(settings.paths.secrets)

    def died(name: str, error: BaseException) -> None:
        log.error("a task died", task=name, kind=type(error).__name__, where=where(error))
        # without these the desk would show or do what is no longer true: it starts afresh
        if name in (LIVE, GATE, DAY, DIAL_TESTS, TOPICS, LATE_AUDIT):
            signal.raise_signal(signal.SIGTERM)

    tasks = Tasks(died)
    calls_engine = make_engine(settings.calls_url, durable=True)  # a legal hold that was answered outlives a power cut
    tickets_engine = make_engine(settings.tickets_url, durable=True)
    calls_threads = Blocking(4, code="calls_database_down")
    tickets_threads = Blocking(4, code="database_down")
    sound_threads = Blocking(4, code="recordings_down")
    late_audit = LateAudit(tickets_engine, tickets_threads, log)
    board = HealthBoard(now())
    hub = Hub(board.parts)
    bridge = BridgeClient(settings.paths.bridge_socket, tasks, now, log)
    health = Health(
        board,
        bridge=bridge,
        calls=calls_engine,
        tickets=tickets_engine,
        relay_socket=settings.paths.relay_socket,
        spool=settings.paths.spool,
        asterisk_port=lambda: ports.read(settings.paths).asterisk_http,
        now=now,
        on_change=hub.parts_changed,
        on_bridge=hub.bridge_alarms,
        log=log,
    )
    city = load_city(settings.city_file)
    given = parties_of(city)
    book = PartyBook(given)
    gate = Gate(tickets_engine, kept.session)
    phones = PhoneKeeper(
        tickets_engine, tickets_threads, gate, bridge, tasks, kept, load_telephones(settings.is_loopback), city.first_queue,
        now, log,
    )  # fmt: skip
    tickets = open_tickets(tickets_engine, settings)
    return Desk(
        settings=settings,
        city=city,
        secrets=kept,
        rights=load_rights(),
        wording=load_wording(),
        log=log,
        now=now,
        tasks=tasks,
        calls_engine=calls_engine,
        tickets_engine=tickets_engine,
        calls_threads=calls_threads,
        tickets_threads=tickets_threads,
        gate=gate,
        sign_in=SignIn(tickets_engine, Passwords(), kept.log),
        tokens=Tokens(tickets_engine),
        drafts=Drafts(tickets_engine),
        calls=CallsStore(calls_engine),
        recording_search=RecordingSearch(calls_engine),
        transfers=TransferStore(calls_engine),
        callbacks=CallbackLists(
            calls=CallbackStore(calls_engine),
            marks=CallbackMarks(tickets_engine),
            calls_threads=calls_threads,
            tickets_threads=tickets_threads,
            rules=city.callbacks,
            now=now,
        ),
        listening=Listening(tickets_engine, load_reasons()),
        refused_listening=RefusedListening(late_audit, now),
        audit_trail=AuditTrail(tickets_engine, load_act_names(tickets.names.acts)),
        notes=Notes(tickets_engine),
        keeping=KeepingStore(calls_engine),
        holds=Holds(calls_engine),
        training=Training(calls_engine),
        sounds=Sounds(
            lambda: open_cabinet(settings), log,
            lambda row: tell_altered(calls_engine, Piece(row.call_id, row.leg), now()), calls_threads.later,
        ),
        sound_store=SoundStore(calls_engine),
        sound_threads=sound_threads,
        board=board,
        hub=hub,
        bridge=bridge,
        phones=phones,
        health=health,
        live=LiveReader(settings.redis, now=now),
        day=DayCounter(calls_engine, city, now, hub.day_changed),
        dial_tests=DialTestReader(
            settings.paths.dial_tests, is_wanted=bool(probe_caller(city, settings.demo)), now=now,
            on_change=hub.dial_tests_changed, log=log,
        ),
        topics=AuditedTopics(Topics(settings.paths.announcements, settings.paths.topics, city.lines), tickets_engine),
        people=People(tickets_engine),
        pause_reasons=PauseReasons(tickets_engine),
        parties=book,
        party_store=Parties(tickets_engine, given, city.outgoing.allow, parties_in_menus(MENUS_FOLDER, log), log),
        party_keeper=PartyKeeper(book, bridge, now, hub.parties_changed, log),
        late_audit=late_audit,
        policy=PolicyKeeper(tickets_engine, settings.home, lambda: city, log),
        tickets=tickets,
        exporting=Exporting(tickets_engine, settings.paths.run / "exports", now),
        knowledge=Knowledge(tickets_engine, city.lines),
        agent_days=AgentDays(calls_engine, calls_threads, now, float(city.queue.wrap_up_s)),
        places=places_file.read(places_file.path_of(settings.cache)),
    )
