"""A bridge that comes back while three are on the line: whatever Asterisk holds, it shows, and goes on from there."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ami_bridge.adoption import dialled_for, lost_of, open_transfer, remembered
from ami_bridge.protocol import Packet
from ami_bridge.resync import Snapshot, events_of, joined_of
from hotline_core.domain import events as ev
from hotline_core.domain.commands import Write
from transfer import commands as tc
from transfer.events import JoinSeen, Target
from transfer.model import Rules
from transfer.transfers import Transfers

pytestmark = pytest.mark.unit

NOW = 100.0
CALL, THIRD = "h1-5.7", "third-h1-5.7-3"
CITIZEN_LEG, AGENT_LEG = "PJSIP/trunk-demo-1", "PJSIP/agent-1001-2"
THIRD_LEG, COLLEAGUE_LEG = "PJSIP/trunk-demo-3", "PJSIP/agent-1002-4"
RESCUE = Target("water", "rescue", "emergency", ("12395", "110"))


def leg(name: str, context: str, unique: str = "", state: str = "Up") -> Packet:
    """One channel as Asterisk lists it."""
    unique = unique or {CITIZEN_LEG: CALL, THIRD_LEG: THIRD, COLLEAGUE_LEG: THIRD}.get(name, "h1-5.8")
    return Packet([
        ("Event", "CoreShowChannel"), ("Channel", name), ("Uniqueid", unique), ("Linkedid", CALL), ("Context", context),
        ("ChannelStateDesc", state), ("Application", {"room": "ConfBridge", "hold": "Wait"}.get(context, "AppQueue")),
        ("ChanVariable", f"CALLREF={CALL}"),
    ])  # fmt: skip


def found(*channels: Packet, muted: tuple[str, ...] = (), **book: str) -> tuple[ev.CallAdopted | None, JoinSeen | None]:
    """The call as it is adopted, and its legs; `book` is what the dialplan wrote down (held_citizen for held-citizen)."""
    memories = {CALL: book.pop("target")} if "target" in book else {}
    written = {key.replace("_", "-"): value for key, value in book.items()}
    arrived = {CALL: "10,12328,12328,138"} if any(packet.text("Channel") == CITIZEN_LEG for packet in channels) else {}
    snapshot = Snapshot(
        channels, (), arrived, {CALL: "12,agent-1001"}, {}, books={CALL: written} if written else {}, memories=memories, muted=muted
    )  # fmt: skip
    events = events_of(snapshot, frozenset(), NOW)
    adopted = next((event for event in events if isinstance(event, ev.CallAdopted)), None)
    return adopted, next(iter(joined_of(snapshot, events)), None)


def rescue_dialled(target: Target = RESCUE, number: str = "") -> str:
    """What the dead bridge had written down before it dialled; the first number if none is told."""
    number = number or (target.numbers[0] if target.numbers else "")
    return dialled_for(tc.DialThird(CALL, THIRD, "12328", "emergency", number, "ims", target.agent, 15.0, target), 2, 1)


def over() -> str:
    """The same once its transfer has ended in the records."""
    return remembered(rescue_dialled(), Write("transfer_ended", CALL, NOW, {"n": 2}))


def test_a_citizen_on_hold_while_the_agent_consults_is_shown_so() -> None:
    """Nobody is moved: where they are is where they shall be."""
    channels = (leg(CITIZEN_LEG, "hold"), leg(AGENT_LEG, "room"), leg(THIRD_LEG, "room"))
    adopted, seen = found(*channels, held_citizen=CITIZEN_LEG, agent=AGENT_LEG, third=THIRD_LEG, target=rescue_dialled())
    assert adopted is not None
    assert seen is not None
    assert (adopted.phase, adopted.agent, adopted.agent_channel, adopted.answered_at) == ("joined", "1001", AGENT_LEG, 12.0)
    assert (seen.citizen, seen.agent, seen.third, seen.third_id, seen.third_channel) == ("hold", "room", "room", THIRD, THIRD_LEG)
    assert (seen.target, seen.way, seen.number, seen.n, seen.dialled) == (RESCUE, "emergency", "12395", 2, 3)
    transfers = Transfers(Rules(("ims",)))
    transfers.apply(seen, NOW)
    assert transfers.joins[CALL].stage == "consult"


def test_what_the_bridge_before_has_written_is_not_written_again() -> None:
    """That the third answered stands in the records once, with the time it took."""
    channels = (leg(CITIZEN_LEG, "room"), leg(AGENT_LEG, "room"), leg(THIRD_LEG, "room"))
    answered = Write("third_answered", CALL, NOW, {"n": 2, "waited_s": 4.5})
    for memory, kinds, waited_s in (
        (rescue_dialled(), ["third_answered"], None), (remembered(rescue_dialled(), answered), [], 4.5),
    ):  # fmt: skip
        _, seen = found(*channels, citizen=CITIZEN_LEG, agent=AGENT_LEG, third=THIRD_LEG, target=memory)
        assert seen is not None
        transfers = Transfers(Rules(("ims",)))
        written = [command.kind for command in transfers.apply(seen, NOW) if isinstance(command, Write)]
        assert [kind for kind in written if kind.startswith("third")] == kinds
        assert transfers.joins[CALL].waited_s == waited_s


def test_a_rescue_that_is_still_dialled_goes_on_with_the_next_number() -> None:
    """Citizen and agent talk in their first bridge; the dead bridge's attempt rings, and its target is known."""
    channels = (leg(CITIZEN_LEG, "wait"), leg(AGENT_LEG, "from-agent"), leg(THIRD_LEG, "room", state="Ringing"))
    _, seen = found(*channels, target=rescue_dialled())
    assert seen is not None
    assert (seen.citizen, seen.agent, seen.third, seen.talk.agent_channel) == ("", "", "ringing", AGENT_LEG)
    transfers = Transfers(Rules(("ims",)))
    transfers.apply(seen, NOW)
    join = transfers.joins[CALL]
    assert (join.stage, [one.number for one in join.tries]) == ("adding", ["110"])


def test_a_citizen_who_was_handed_to_a_third_has_no_agent_any_more() -> None:
    """The agent who left is not shown as talking."""
    adopted, seen = found(leg(CITIZEN_LEG, "room"), leg(THIRD_LEG, "room"), citizen=CITIZEN_LEG, third=THIRD_LEG, agent=AGENT_LEG)
    assert adopted is not None
    assert seen is not None
    assert (adopted.phase, adopted.agent) == ("joined", "")
    assert (seen.citizen, seen.agent, seen.third, seen.talk.agent_channel) == ("room", "", "room", "")


def test_a_colleague_who_is_consulted_is_a_third_and_one_who_took_over_is_the_agent() -> None:
    """Both bear the name of a third: the book says what they are."""
    channels = (leg(CITIZEN_LEG, "room"), leg(COLLEAGUE_LEG, "room"))
    adopted, seen = found(*channels, citizen=CITIZEN_LEG, agent=COLLEAGUE_LEG, target=rescue_dialled(Target(agent="1002")))
    assert adopted is not None
    assert seen is not None
    assert (adopted.agent, seen.agent, seen.third, seen.talk.agent_channel) == ("1002", "room", "", COLLEAGUE_LEG)
    adopted, seen = found(*channels, leg(AGENT_LEG, "room"), citizen=CITIZEN_LEG, agent=AGENT_LEG, third=COLLEAGUE_LEG)
    assert adopted is not None
    assert seen is not None
    assert (adopted.agent, seen.third, seen.target.agent) == ("1001", "room", "1002")


def test_agent_and_rescuer_who_talk_on_after_the_citizen_left_are_seen() -> None:
    """No journal tells of the call any more."""
    adopted, seen = found(leg(AGENT_LEG, "room"), leg(THIRD_LEG, "room"), agent=AGENT_LEG, third=THIRD_LEG, target=rescue_dialled())
    assert adopted is None
    assert seen is not None
    assert (seen.talk.citizen, seen.citizen, seen.agent, seen.third) == ("", "", "room", "room")


def test_a_rescue_whose_number_failed_unheard_is_dialled_on_unless_it_had_been_answered() -> None:
    """The memory in Asterisk names the number that was tried last."""
    channels = (leg(CITIZEN_LEG, "room"), leg(AGENT_LEG, "room"))
    memory = rescue_dialled()
    told = remembered(memory, Write("third_answered", CALL, NOW, {"waited_s": 4.0}))
    for kept, dialled in ((memory, ["110"]), (told, []), (rescue_dialled(number="110"), [])):
        _, seen = found(*channels, citizen=CITIZEN_LEG, agent=AGENT_LEG, target=kept)
        assert seen is not None
        transfers = Transfers(Rules(("ims",)))
        commands = transfers.apply(seen, NOW)
        assert [command.number for command in commands if isinstance(command, tc.DialThird)] == dialled
        assert transfers.joins[CALL].stage == ("adding" if dialled else "talk")


def test_a_leg_that_nobody_hears_is_shown_as_muted() -> None:
    """Asterisk keeps it through the restart."""
    channels = (leg(CITIZEN_LEG, "room"), leg(AGENT_LEG, "room"), leg(THIRD_LEG, "room"))
    _, seen = found(*channels, muted=(CITIZEN_LEG,), citizen=CITIZEN_LEG, agent=AGENT_LEG, third=THIRD_LEG)
    assert seen is not None
    assert seen.muted == ("citizen",)


def test_whom_an_agent_asked_to_wait_goes_on_waiting_but_not_for_a_third_who_has_gone() -> None:
    """Brought back only where the third went while there was no bridge; that transfer has its end then."""
    channels = (leg(CITIZEN_LEG, "hold"), leg(AGENT_LEG, "room"))
    for memory, stage, records in (
        ({"target": rescue_dialled(number="110")}, "placing", ["transfer_ended"]), ({"target": over()}, "parked", []),
        ({}, "parked", []),
    ):  # fmt: skip
        _, seen = found(*channels, held_citizen=CITIZEN_LEG, agent=AGENT_LEG, **memory)  # type: ignore[arg-type]
        assert seen is not None
        transfers = Transfers(Rules(("ims",)))
        commands = transfers.apply(seen, NOW)
        assert transfers.joins[CALL].stage == stage
        kinds = [command.kind for command in commands if isinstance(command, Write)]
        assert [kind for kind in kinds if kind.startswith("transfer")] == records
        assert transfers.joins[CALL].n == (2 if memory else 0)


def test_an_ordinary_talk_is_none_of_ours_whatever_the_book_still_says() -> None:
    """Left over from an earlier transfer of the same call."""
    _, seen = found(leg(CITIZEN_LEG, "wait"), leg(AGENT_LEG, "from-agent"), call=CITIZEN_LEG, citizen=CITIZEN_LEG, left="99")
    assert seen is None


def test_legs_that_went_while_nobody_listened_end_the_call_and_its_transfer() -> None:
    """Asterisk was killed under three: nothing of the call stays behind."""
    channels = (leg(CITIZEN_LEG, "room"), leg(AGENT_LEG, "room"), leg(THIRD_LEG, "room"))
    _, seen = found(*channels, citizen=CITIZEN_LEG, agent=AGENT_LEG, third=THIRD_LEG, target=rescue_dialled())
    assert seen is not None
    transfers = Transfers(Rules(("ims",)))
    transfers.apply(seen, NOW)
    kinds = [
        command.kind for event in lost_of(transfers.joins[CALL], []) for command in transfers.apply(event, NOW)
        if isinstance(command, Write)
    ]  # fmt: skip
    assert transfers.joins == {}
    assert kinds[-1] == "transfer_ended"
    assert (open_transfer(rescue_dialled()), open_transfer(over()), open_transfer("{torn")) == (2, 0, 0)


@given(st.dictionaries(st.sampled_from(["citizen", "agent", "third", "target"]), st.text(), max_size=4), st.text())
def test_a_torn_book_never_stops_the_bridge(book: dict[str, str], target: str) -> None:
    """Nobody on the line may suffer from an entry that cannot be read."""
    found(leg(CITIZEN_LEG, "room"), leg(THIRD_LEG, "room"), muted=(), **(book | {"citizen": CITIZEN_LEG}))
    found(leg(CITIZEN_LEG, "room"), leg(THIRD_LEG, "room"), citizen=CITIZEN_LEG, target=json.dumps({"target": target, "n": target}))
