"""What Asterisk really sent, replayed: cut at every byte, read by two clients, followed to the end by the board."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path

import pytest
from asterisk.ami import Event as OtherEvent

from ami_bridge.joins import Joins
from ami_bridge.protocol import Decoder, Packet
from ami_bridge.replies import Replies
from ami_bridge.translate import agi_result, translate
from ami_bridge.translate_join import translate_join
from hotline_core.domain import events as ev
from hotline_core.domain import outgoing_events as out
from hotline_core.domain.board import Board
from hotline_core.domain.commands import BeginMenu, Write
from hotline_core.domain.events import Event
from hotline_core.domain.join_events import StageEntered
from transfer.commands import Tell
from transfer.events import ActAsked, Talk, Target
from transfer.transfers import Rules, Transfers

pytestmark = pytest.mark.transcripts

CAPTURES = sorted(Path(__file__).parent.glob("*.ami"), key=lambda path: path.name)


def packets_of(*pieces: bytes) -> list[Packet]:
    """The packets of a stream that came in these pieces."""
    decoder = Decoder()
    return [packet for piece in pieces for packet in decoder.feed(piece)]


def replay(name: str) -> tuple[Board, list[str], list[Event]]:
    """The board after the capture, the ledger kinds it wrote, and the events it was given."""
    board, kinds, seen = Board(), list[str](), list[Event]()
    prompting = ""
    for number, packet in enumerate(packets_of((Path(__file__).parent / f"{name}.ami").read_bytes())):
        events = translate(packet)
        if agi_result(packet) is not None and prompting:
            is_played = agi_result(packet) == (packet.text("CommandId"), True)
            events = [ev.MenuLeft(prompting, "queue", "", True) if is_played else ev.MenuFailed(prompting)]
            prompting = ""
        for event in events:
            seen.append(event)
            for command in board.apply(event, float(number)):
                if isinstance(command, Write):
                    kinds.append(command.kind)
                if isinstance(command, BeginMenu):
                    prompting = command.call_id
    return board, kinds, seen


def test_there_are_captures() -> None:
    """An empty folder would make the tests below say nothing."""
    assert len(CAPTURES) == 8


@pytest.mark.parametrize("path", CAPTURES, ids=lambda path: path.stem)
def test_a_capture_cut_at_every_byte_gives_the_same_packets_in_the_same_order(path: Path) -> None:
    """Order and encoding bugs live at the byte boundary."""
    data = path.read_bytes()
    whole = [packet.pairs for packet in packets_of(data)]
    assert len(whole) > 5
    step = max(1, len(data) // 400)
    for cut in [*range(2100), *range(2100, len(data), step)]:
        assert [packet.pairs for packet in packets_of(data[:cut], data[cut:])] == whole
    assert [packet.pairs for packet in packets_of(*(data[at : at + 1] for at in range(len(data))))] == whole


@pytest.mark.parametrize("path", CAPTURES, ids=lambda path: path.stem)
def test_the_independent_client_reads_the_same_events(path: Path) -> None:
    """asterisk-ami, a second client by other hands, sees the same names and values."""
    for packet in packets_of(path.read_bytes()):
        if "Event" not in packet:
            continue
        text = "\r\n".join(f"{key}: {value}" for key, value in packet.pairs)
        other = OtherEvent.read(text)
        assert other.name == packet.text("Event")
        for key, value in other.keys.items():
            if isinstance(value, str) and key != "ChanVariable":
                assert value == packet.text(key), key


def test_a_whole_call_is_followed_from_arrival_to_end() -> None:
    """The ledger tells the call in the order it happened; the agent ended it; nothing is left on the board."""
    board, kinds, _ = replay("whole_call")
    assert kinds == [
        "call_arrived", "greeting_started", "notice_played", "recording_started", "queue_entered", "agent_rung",
        "agent_answered", "hold_started", "hold_ended", "agent_left", "call_ended",
    ]  # fmt: skip
    assert board.calls == {}
    assert board.agents["1001"].state == "ready"


def test_an_agent_who_missed_a_ring_is_paused_and_the_caller_still_waits() -> None:
    """The ring is told as missed, the pause with its reason; the caller's own end comes later."""
    board, kinds, events = replay("missed_ring_and_caller_gives_up")
    assert kinds[4:] == ["queue_entered", "agent_rung", "agent_missed", "agent_paused", "call_ended"]
    assert (board.agents["1001"].state, board.agents["1001"].reason) == ("paused", "missed")
    assert isinstance(events[-1], ev.CallEnded)


def test_a_caller_with_nobody_there_is_followed_to_the_duty_telephone() -> None:
    """Waiting, duty rung, duty answered, ended by the caller."""
    board, kinds, _ = replay("nobody_there")
    assert kinds[-3:] == ["duty_rung", "duty_answered", "call_ended"]
    assert board.calls == {}


def joined(name: str, *acts: tuple[str, Target]) -> tuple[Board, Transfers, list[str], list[str]]:
    """Board and transfers after a capture in which an agent did these acts, the records, and the stages in their order.

    Each act is done as soon as everybody is where the one before wanted them.
    """
    board, transfers, joins = Board(), Transfers(Rules(("demo",))), Joins(lambda _: None, Replies(), {})
    kinds, stages, left = list[str](), list[str](), list(acts)

    def take(commands: Sequence[object], now: float) -> None:
        for command in commands:
            if isinstance(command, Write):
                kinds.append(command.kind)
                stages.extend(str(command.facts["stage"]) for _ in [0] if command.kind == "stage_entered")
            if isinstance(command, Tell):
                told = {field.name: getattr(command, field.name) for field in fields(command)}
                take(board.apply(StageEntered(**told), now), now)

    for number, packet in enumerate(packets_of((Path(__file__).parent / f"{name}.ami").read_bytes())):
        if not joins.see(packet, None):
            continue
        for event in translate_join(packet):
            take(transfers.apply(event, number), number)
        for told in translate(packet):
            take(board.apply(told, number), number)
        call = next(iter(board.calls.values()), None)
        stage = transfers.joins[call.call_id].stage if call and call.call_id in transfers.joins else ""
        waits = {"merge": "swapped", "swap": "consult", "leave": "three", "drop": "three"}
        if left and call and call.agent_channel and (stage or call.phase) == waits.get(left[0][0], "talking"):
            act, target = left.pop(0)
            talk = Talk(call.call_id, call.line, call.channel, call.agent, call.agent_channel)
            take(transfers.apply(ActAsked(call.call_id, act, call.agent, "i", talk, target), number), number)
    return board, transfers, kinds, stages


def test_a_party_who_is_consulted_swapped_and_handed_over_is_followed_to_the_end() -> None:
    """Every stage in its order; the party leaves, the citizen is alone and gives up; nothing stays behind."""
    own = Target(party="own", numbers=("13955500001",))
    done = joined("third_consulted_and_handed", ("consult", own), ("swap", Target()), ("merge", Target()), ("leave", Target()))
    board, transfers, kinds, stages = done
    assert stages == ["calling", "consult", "swapped", "three", "handed", "alone"]
    assert [kind for kind in kinds if kind.startswith("third_")] == ["third_asked", "third_dialled", "third_answered", "third_left"]
    assert kinds.index("citizen_alone") < kinds.index("call_ended")
    assert (board.calls, transfers.joins) == ({}, {})


def test_a_rescue_goes_on_to_the_next_number_with_the_networks_own_cause() -> None:
    """The first is engaged, the second comes and is let go; the talk goes on until the agent ends it."""
    rescuers = Target("distress", "", "emergency", ("13955500021", "13955500022"))
    board, transfers, kinds, stages = joined("third_rescues", ("emergency", rescuers), ("drop", Target()))
    assert stages == ["adding", "three", "talk"]
    assert [kind for kind in kinds if kind.startswith("third_")] == [
        "third_asked", "third_dialled", "third_failed", "third_dialled", "third_answered", "third_left",
    ]  # fmt: skip
    assert "call_ended" in kinds
    assert (board.calls, transfers.joins) == ({}, {})


def test_a_call_to_a_citizen_is_followed_from_the_dial_to_the_end() -> None:
    """The notice before the talk; the agent ended it, and after-call work begins before the telephone is free."""
    board, kinds, _ = replay("call_to_a_citizen")
    told = ["call_dialled", "citizen_answered", "notice_played", "recording_started", "talk_started", "call_ended"]
    assert [kind for kind in kinds if not kind.startswith("agent_")] == told
    assert board.calls == {}
    packets = packets_of((Path(__file__).parent / "call_to_a_citizen.ami").read_bytes())
    free = [packet for packet in packets if packet.text("Event") == "QueueMemberStatus" and packet.text("Status") == "1"]
    assert [packet.text("PausedReason") for packet in free] == ["wrap_up"]


def test_a_citizen_who_is_engaged_is_told_with_the_reason() -> None:
    """The agent's leg ends after the sentence, and the call with it."""
    board, kinds, events = replay("citizen_engaged")
    assert [kind for kind in kinds if not kind.startswith("agent_")] == ["call_dialled", "dial_failed", "call_ended"]
    assert [event.reason for event in events if isinstance(event, out.DialFailed)] == ["busy"]
    assert board.calls == {}
