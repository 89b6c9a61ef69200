"""The engine: takes the inbox item by item, decides, writes the ledger, acts, shows. The only writer of the board."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence

from ami_bridge import actions, intents, parties
from ami_bridge.adoption import lost_of, open_transfer
from ami_bridge.clicks import Clicks
from ami_bridge.connection import Connection
from ami_bridge.dial_tests import DialTestBegun, DialTests, begun
from ami_bridge.inbox import Inbox, KeyRead, LinkDown, Resync, Tick
from ami_bridge.intents import Intent
from ami_bridge.joins import Joins
from ami_bridge.menus import Menus, Question
from ami_bridge.parties import PartyStore
from ami_bridge.protocol import Packet
from ami_bridge.pulse import Pulse
from ami_bridge.questions import Questions
from ami_bridge.replies import Replies
from ami_bridge.resync import Snapshot, events_of, joined_of, places_of, read
from ami_bridge.screen import Screen
from ami_bridge.telephones import OPS as TELEPHONE_OPS
from ami_bridge.telephones import TelephoneStore
from ami_bridge.translate import agi_result, member_of_list, translate
from ami_bridge.translate_join import translate_join
from ami_bridge.view import Field, Floor, alarms, view
from hotline_core.adapters.ledger import LedgerWriter
from hotline_core.adapters.live import LivePublisher
from hotline_core.domain import agent_events as ae
from hotline_core.domain import commands as cmd
from hotline_core.domain import events as ev
from hotline_core.domain.agents import Rules as AgentRules
from hotline_core.domain.board import Board
from hotline_core.domain.dialling import Rules
from hotline_core.domain.events import Event
from hotline_core.domain.join_events import StageEntered
from hotline_core.domain.recording_pause import Pauses
from hotline_core.errors import IntentRefused
from hotline_core.log import Log, veiled
from transfer import commands as tc
from transfer import events as te
from transfer.transfers import Transfers

BEAT_S = 0.5  # the watchdog waits 2 s for a change
REMEMBERED_CALLS = 10_000


class Engine:
    """Handles one item after the other without ever awaiting Redis, a disk sync or Asterisk's answer."""

    def __init__(
        self, *, ledger: LedgerWriter, live: LivePublisher, log: Log, log_key: str, menus: Menus, floor: Floor,
        telephones: TelephoneStore, directory: PartyStore, transfers: Transfers, now: Callable[[], float], rules: Rules,
        system_name: str, shown: Mapping[str, str], pulse: Pulse,
    ) -> None:  # fmt: skip
        self.inbox = Inbox(now)
        self.board = Board(rules=AgentRules(tuple(floor.queues), floor.wrap_up_s), pauses=Pauses(floor.pause_s))
        self._floor = floor
        self._ledger = ledger
        self._live = live
        self._log = log
        self._log_key = log_key
        self._menus = menus
        self._telephones = telephones
        self._directory = directory
        self._now = now
        self._link: Connection | None = None
        self._link_number = 0
        self._questions = Questions(self.inbox.put)
        self._replies = Replies()
        self._dial_tests = DialTests()
        self._transfers = transfers
        self._clicks = Clicks(
            board=self.board, transfers=transfers, floor=floor, directory=directory, rules=rules, system_name=system_name
        )  # fmt: skip
        self._joins = Joins(self.inbox.put, self._replies, shown)
        self._pulse = pulse
        self._early: list[Packet] | None = []  # packets seen before the resync, applied after it
        self.screen = Screen(self._fields, live.publish)
        self._ended: OrderedDict[str, None] = OrderedDict()  # ended calls whose journal may not be closed yet
        self._shed = 0
        self._handled = self._links = self._resyncs = 0
        self._started = now()

    # -- what comes in ------------------------------------------------------------------------------------------

    def take_packet(self, packet: Packet) -> None:
        """One AMI event, in its order."""
        if self._early is not None:
            self._early.append(packet)
            return
        for event in self._events_of(packet):
            self.inbox.put(event, packet.text("Timestamp"))

    async def link_up(self, link: Connection) -> None:
        """After each login: read all that Asterisk holds; events that come meanwhile wait."""
        self._link = link
        self._early = []
        self._links += 1
        self._link_number += 1
        number = self._link_number
        self.inbox.put(Resync(number, await read(link)))

    def link_down(self) -> None:
        """The link is lost; the board keeps what it knew until the resync."""
        self._early = []
        self._link_number += 1
        self.inbox.put(LinkDown())

    def take_intent(self, intent: Intent) -> None:
        """One click; health is answered at once, without the inbox's order."""
        if intent.op == "health":
            intent.reply(intents.done(intent.intent_id, self.health()))
        elif not self.inbox.put(intent):
            intent.reply(intents.refused(intent.intent_id, "overloaded"))

    def health(self) -> dict[str, object]:
        """The state of each part the bridge can see, and since when; under `figures`, numbers for monitoring."""
        parts = {
            "bridge": ("up", self._started), "asterisk": self._pulse.asterisk, "watchdog": self._pulse.watchdog,
            "ledger": self._ledger.state, "live": self._live.state,
        }  # fmt: skip
        told: dict[str, object] = {name: {"state": state, "since": since} for name, (state, since) in parts.items()}
        inside = {
            "inbox_depth": self.inbox.depth, "shed": self.inbox.shed, "events": self._handled, "ami_links": self._links,
            "resyncs": self._resyncs,
        }  # fmt: skip
        return {**told, "figures": {**inside, **self._ledger.figures}, "alarms": alarms(self.screen.fields)}

    async def tick(self) -> None:
        """Put a tick into the inbox twice a second."""
        while True:
            self.inbox.put(Tick(asyncio.get_running_loop().time()))
            await asyncio.sleep(BEAT_S)

    # -- the loop -----------------------------------------------------------------------------------------------

    async def run(self) -> None:
        """Handle the inbox until cancelled."""
        while True:
            for at, item in await self.inbox.batch():
                self._handled += 1
                match item:
                    case Tick():
                        self._tick(at, item.steady_s)
                    case LinkDown():
                        self._pulse.lost(at)
                        self._questions.forget()
                        self._dial_tests.forget()
                    case Resync():
                        if item.link == self._link_number:
                            self._resync(item.snapshot, at)
                    case Intent():
                        self._intent(item, at)
                    case KeyRead():
                        self._key(item, at)
                    case _:
                        self._take(item, at)
            self.screen.changed()
            await asyncio.sleep(0)  # let the socket's writer and the servers run between batches

    def _take(self, event: te.JoinEvent | Event | DialTestBegun, at: float) -> None:
        if isinstance(event, DialTestBegun):
            self._ask(*self._dial_tests.begin(event, self._menus, at), at)
        elif isinstance(event, te.JoinEvent):
            self._join(event, at)
        else:
            if isinstance(event, ev.HoldStarted | ev.HoldEnded) and (act := self._clicks.of_telephone(event)):
                self._join(act, at)
            self._apply(event, at)

    def _events_of(self, packet: Packet) -> list[te.JoinEvent | Event | DialTestBegun]:
        if not self._joins.see(packet, self._link):
            return []
        result = agi_result(packet)
        if result is None:
            return [*begun(packet), *translate_join(packet), *translate(packet)]  # in this order: the board follows the transfers
        self._questions.answered(*result, self._link)
        return []

    def _ask(self, questions: list[Question], events: list[Event], at: float) -> None:
        if self._link is not None:
            self._questions.ask(questions, self._link)
        for event in events:
            commands = self._dial_tests.take(event)
            if commands is None:
                self._apply(event, at)
            for command in commands or ():
                self._act(command)

    def _key(self, item: KeyRead, at: float) -> None:
        if item.key is None:
            self._ask([], self._menus.failed(item.call_id), at)
        else:
            self._ask(*self._menus.answered(item.call_id, item.key, at), at)

    def _resync(self, snapshot: Snapshot, at: float) -> None:
        self._resyncs += 1
        self._pulse.in_step(at)
        self._directory.restore(snapshot.directory)
        events = events_of(snapshot, frozenset(self.board.calls), at)
        for event in [*events, places_of(snapshot, events)]:
            if isinstance(event, ev.CallRecovered) and event.call_id in self._ended:
                # written already; the link was lost before the journal was closed
                self._act(cmd.CloseJournal(event.call_id, event.direction == "out"))
            else:
                self._apply(event, at)
        for packet in snapshot.channels:
            self._joins.see(packet, self._link)
        self._joins.restore(snapshot.memories)
        seen = joined_of(snapshot, events)
        for joined in seen:
            self._join(joined, at)
        for call_id in self._transfers.joins.keys() - {joined.call_id for joined in seen}:
            for lost in lost_of(self._transfers.joins[call_id], snapshot.channels):
                self._join(lost, at)
        for call_id in snapshot.memories.keys() - self._transfers.joins.keys():
            self._forgotten(call_id, snapshot.memories[call_id], at)
        present = {(event.agent, event.queue) for packet in snapshot.members for event in member_of_list(packet)}
        for agent in list(self.board.agents.values()):
            for queue in [queue for queue in agent.members if (agent.agent_id, queue) not in present]:
                self._apply(ae.MemberSeen(agent.agent_id, queue, present=False, last_call=0.0), at)
        early, self._early = self._early or [], None
        for packet in early:
            for told in self._events_of(packet):
                self._take(told, at)
        self._log.info("in step with asterisk", calls=len(self.board.calls), agents=len(self.board.agents))

    def _forgotten(self, call_id: str, memory: str, at: float) -> None:
        """Nobody is joined any more: what the bridge before could not write is written, and its memory of the call goes with it."""
        if n := open_transfer(memory):
            outcome = "returned" if call_id in self.board.calls else "citizen_left"
            self._write([cmd.Write("transfer_ended", call_id, at, {"n": n, "outcome": outcome, "last": "", "recovered": True})])
        if call_id not in self.board.calls:
            self._joins.close_book(call_id, self._link)

    def _join(self, event: te.JoinEvent, at: float) -> None:
        commands = self._transfers.apply(event, at)
        self._write(commands)
        for command in commands:
            match command:
                case tc.Tell():
                    told = StageEntered(
                        command.call_id, command.stage, command.agent, command.agent_channel, command.third_agent,
                        command.third_talks, command.lost_by, command.urgent, command.rescue,
                    )  # fmt: skip
                    self._apply(told, at)
                case cmd.Reply():
                    self._replies.give(command.intent_id, command.code)
                case _ if self._link is not None:
                    self._joins.act(command, self._link, self._transfers.joins.get(event.call_id))
        if event.call_id not in self._transfers.joins and event.call_id not in self.board.calls:
            self._joins.close_book(event.call_id, self._link)

    def _write(self, commands: Sequence[object]) -> None:
        """Records first: each decision is in the ledger before it is acted on."""
        for command in commands:
            if isinstance(command, cmd.Write):
                self._ledger.append(command.kind, command.call_id, command.at, command.facts, command.personal)
                self._tell(command)
                self._joins.written(command, self._link)

    def _apply(self, event: Event, at: float) -> None:
        commands = self.board.apply(event, at)
        self._write(commands)
        for command in commands:
            self._act(command)
            if isinstance(command, cmd.BeginMenu):
                self._ask(*self._menus.begin(command.call_id, command.channel, command.line, at), at)
            if isinstance(command, cmd.CloseJournal):
                self._menus.forget(command.call_id)
                if command.call_id not in self._transfers.joins:
                    self._joins.close_book(command.call_id, self._link)
                self._ended[command.call_id] = None
                while len(self._ended) > REMEMBERED_CALLS:
                    self._ended.popitem(last=False)

    def _act(self, command: cmd.Command) -> None:
        if isinstance(command, cmd.Reply):
            self._replies.give(command.intent_id, command.code)
            return
        if isinstance(command, cmd.Write) or self._link is None:
            return
        answer = None
        for action, fields in actions.actions_for(command, self._link.next_id()):
            answer = self._link.post(action, fields)
        intent_id = getattr(command, "intent_id", "")
        if answer is not None and intent_id:
            self._replies.follow(intent_id, answer)

    def _intent(self, intent: Intent, at: float) -> None:
        try:
            if intent.op in TELEPHONE_OPS | parties.OPS:
                self._store(intent, at)
                return
            wanted = self._clicks.wanted(intent, at)
            if self._link is None or not self._link.is_up:
                raise IntentRefused("asterisk_down")
        except IntentRefused as error:
            intent.reply(intents.refused(intent.intent_id, error.code, error.facts))
            return
        self._replies.expect(intent)
        if isinstance(wanted, cmd.HangUp):
            self._act(wanted)
        else:
            self._take(wanted, at)

    def _store(self, intent: Intent, at: float) -> None:
        """No call's state hangs on a telephone's settings or the directory: they take their own way, beside the inbox."""
        self._clicks.gate.admit(intent, at)
        if self._link is None or not self._link.is_up:
            raise IntentRefused("asterisk_down")
        if intent.op in parties.OPS:
            self._directory.take(intent, self._link)
        else:
            self._telephones.take(intent, self._link)

    def _tick(self, at: float, steady_s: float) -> None:
        told = self._pulse.clock(at, steady_s, self.board, self._transfers, self._link)
        for event in [*told, *self.board.due(at)]:
            self._apply(event, at)
        for due in self._transfers.due(at):
            self._join(due, at)
        if self.inbox.shed != self._shed:
            self._log.error("inbox overflowed, packets were shed", shed=self.inbox.shed - self._shed)
            self._shed = self.inbox.shed
        if (link := self._link) is not None and link.is_up and self._early is None:
            self._pulse.beat(link)  # else not in step: a bridge that cannot hear callers must not claim to be alive

    # -- what is shown ------------------------------------------------------------------------------------------

    def _fields(self) -> dict[str, Field]:
        fields = view(self.board, self._floor, self._transfers.joins, self._directory.parties)
        fields["bridge"] = {
            "asterisk": self._pulse.asterisk[0], "asterisk_since": self._pulse.asterisk[1], "watchdog": self._pulse.watchdog[0],
            "since": self._started,
        }  # fmt: skip
        return fields

    def _tell(self, record: cmd.Write) -> None:
        caller = record.personal.get("caller")
        keys: dict[str, object] = {"caller": veiled(caller, self._log_key)} if caller else {}
        keys |= {"party_kind" if name == "kind" else name: value for name, value in record.facts.items()}
        self._log.info("call record", kind=record.kind, call_id=record.call_id, **keys)
