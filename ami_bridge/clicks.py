"""What an agent's click means at this moment: an event for the board or for the transfers, or one leg's end; no I/O."""

from __future__ import annotations

import uuid
from dataclasses import replace

from ami_bridge.acts import Reach, act_of
from ami_bridge.intents import Gate, Intent
from ami_bridge.parties import PartyStore
from ami_bridge.view import Floor
from hotline_core.domain import commands as cmd
from hotline_core.domain import events as ev
from hotline_core.domain.board import Board
from hotline_core.domain.call import HANDLED
from hotline_core.domain.dialling import Rules
from hotline_core.domain.events import Event
from hotline_core.domain.outgoing_events import DialAsked
from hotline_core.domain.pause_events import PauseRecordingAsked, ResumeRecordingAsked
from hotline_core.domain.recording_pause import TALKS
from hotline_core.errors import IntentRefused
from transfer import events as te
from transfer.transfers import Transfers

# A telephone's own hold key: in the room nobody would play music to the citizen, and there is no bridge of two that does
ON_TELEPHONE = {
    (ev.HoldStarted, "talk"): "hold", (ev.HoldStarted, "adding"): "hold",
    (ev.HoldEnded, "parked"): "merge", (ev.HoldEnded, "calling"): "merge",
}  # fmt: skip


class Clicks:
    """Reads the engine's board and transfers, changes neither; each intent passes its gate once."""

    def __init__(
        self, *, board: Board, transfers: Transfers, floor: Floor, directory: PartyStore, rules: Rules, system_name: str
    ) -> None:
        self.gate = Gate(floor.queues)
        self._board = board
        self._transfers = transfers
        self._floor = floor
        self._directory = directory
        self._rules = rules
        self._system_name = system_name

    def wanted(self, intent: Intent, at: float) -> Event | te.JoinEvent | cmd.HangUp:
        """What is wanted; IntentRefused if it is late, repeated, or cannot be asked now."""
        if intent.op in te.ACTS:
            self.gate.admit(intent, at)
            reach = Reach(self._directory.parties, self._rules.patterns, self._floor.queues)
            return act_of(intent, self._board, reach)
        event = self.gate.event_of(intent, at)
        if isinstance(event, DialAsked):
            event = replace(event, call_id=f"{self._system_name}-{int(at)}.{uuid.uuid4().hex[:8]}")
            if code := self._board.dial_refusal(event, self._rules, at):
                raise IntentRefused(code)
        if isinstance(event, PauseRecordingAsked | ResumeRecordingAsked):
            call = self._board.calls.get(event.call_id)
            if call is None or call.agent != intent.agent or call.phase not in TALKS:
                raise IntentRefused("not_your_call")
        if not isinstance(event, ev.HangUpWanted | ev.ResumeWanted):
            return event
        return self._of_third(event, intent) or self._of_call(event, intent)

    def of_telephone(self, event: ev.HoldStarted | ev.HoldEnded) -> te.ActAsked | None:
        """The act that an agent's hold key is in a call with a third, None where it is none."""
        join = self._transfers.joins.get(event.call_id)
        act = ON_TELEPHONE.get((type(event), join.stage)) if join else None
        if join is None or act is None:
            return None
        talk = te.Talk(join.call_id, join.line, join.citizen_channel, join.agent, join.agent_channel)
        return te.ActAsked(join.call_id, act, join.agent, "", talk)

    def _of_third(self, event: ev.HangUpWanted | ev.ResumeWanted, intent: Intent) -> te.JoinEvent | cmd.HangUp | None:
        """The same wish where a third is on the line: the dialplan brings no page back, and a consulted agent has a leg too."""
        join = self._transfers.joins.get(event.call_id)
        if join is None:
            return None
        if join.third is not None and join.target.agent == intent.agent:
            if isinstance(event, ev.HangUpWanted):
                return cmd.HangUp(join.third.channel or join.third.unique_id, intent.intent_id)
            raise IntentRefused("wrong_stage")
        if isinstance(event, ev.ResumeWanted):
            return te.PageBack(event.call_id, intent.agent, intent.intent_id)
        return None

    def _of_call(self, event: ev.HangUpWanted | ev.ResumeWanted, intent: Intent) -> Event:
        call = self._board.calls.get(event.call_id)
        if call is None or call.agent != intent.agent or type(event).__name__ not in HANDLED[call.phase]:
            raise IntentRefused("unknown_call")
        return event
