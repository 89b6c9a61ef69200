"""Owns every way of bringing somebody onto the line, as a script of clicks and the stages they lead to (R24 to R31)."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any

from tests.campaign.third_stages import OWN
from tests.running.ears import AGENT, CITIZEN, THIRD, muted
from tests.running.script import Script
from tests.running.third import VOICES, Cast, Talk, running_leg
from tests.sip.agent import SipCaller
from tests.sip.policy import Answer, Refuse, RingForever


@dataclass(frozen=True, slots=True)
class Way:
    """What is played; `key` is what the citizen presses first."""

    play: Callable[[Script], Coroutine[Any, Any, None]]
    key: str = "0"
    agent_third: bool = False  # the third is another agent
    ends: str = "agent"  # who hangs up in the end: agent, citizen


async def consult_first(script: Script) -> None:
    """Consult, swap there and back, merge, hold, merge, the third is dropped."""
    await script.talk.cast.party(OWN, Answer(1.0))
    await script.does("consult", party="own")
    await script.comes_to("consult")
    await script.does("swap")
    await script.comes_to("swapped")
    await script.does("swap")
    await script.comes_to("consult")
    await script.does("merge")
    await script.comes_to("three")
    await script.does("hold")
    await script.comes_to("consult", note="citizen on hold")
    await script.does("merge")
    await script.comes_to("three")
    await script.does("drop")
    await script.comes_to("talk")


async def ringing(script: Script) -> None:
    """What is heard while the third's telephone rings: consult, cancelled; add, cancelled; the citizen on hold alone."""
    await script.talk.cast.party(OWN, RingForever())
    await script.does("consult", party="own")
    third, script.third = script.third, None
    await script.comes_to("calling")
    await script.does("drop")
    await script.comes_to("talk")
    await script.does("add", party="own")
    await script.comes_to("adding")
    await script.does("drop")
    await script.comes_to("talk")
    await script.does("hold")
    await script.comes_to("parked")
    await script.does("merge")
    await script.comes_to("talk")
    script.third = third


async def added(script: Script) -> None:
    """All three at once by a typed number, each muted in turn, keys for the third, then the agent leaves."""
    await script.does("add", number=OWN)
    await script.comes_to("three")
    for role in (CITIZEN, THIRD, AGENT):
        await script.does("mute", role=role)
        await script.comes_to("three", note=f"{role} muted", wanted=muted("three", role))
        await script.does("unmute", role=role)
        await script.comes_to("three", note=f"{role} heard again")
    await script.does("digits", digits="12#")
    await script.comes_to("three", note="keys sent")
    await script.third_gets("12#")
    await script.does("leave")
    await script.comes_to("handed")


async def handed_after_a_consult(script: Script) -> None:
    """Consult, then the agent leaves and the two talk on."""
    await script.does("consult", party="own")
    await script.comes_to("consult")
    await script.does("leave")
    await script.comes_to("handed")


async def emergency(script: Script) -> None:
    """One click: the first number is engaged, the second answers; the citizen leaves and agent and rescuer talk on."""
    cast = script.talk.cast
    await cast.party("13955500021", Refuse(486))
    script.third = await cast.party("13955500022")
    await script.does("emergency", party="distress")
    await script.comes_to("three")
    await script.talk.citizen.hang_up()
    script.happens("citizen hangs up")
    await script.comes_to("rescue_on", shown=False)


async def another_agent(script: Script) -> None:
    """Another agent is consulted, all three, the first agent leaves: the other one owns the call."""
    talk, other = script.talk, other_agent(script.talk)
    await script.does("consult", to=other)
    await script.comes_to("consult")
    await script.does("merge")
    await script.comes_to("three")
    talk.cast.agents[other].voice = VOICES[AGENT]
    await script.does("leave")
    owned = await talk.state(lambda call: call["agent"] == other, "the other agent owns the call")
    assert owned["phase"] in ("joined", "talking")
    running_leg(talk.cast.agents[other]).send(VOICES[AGENT])
    talk.agent, script.third = other, None
    await script.comes_to("talk", shown=False)


async def requeued(script: Script) -> None:
    """Back into the queue from a consult; an agent answers."""
    await script.does("consult", party="own")
    await script.comes_to("consult")
    await script.does("requeue", queue="hotline")
    script.third = None
    await script.talk.anybody_answers()
    await script.comes_to("talk", shown=False)


async def blind_to_a_party(script: Script) -> None:
    """The citizen is led to the party; the agent is free."""
    await script.does("blind", party="own")
    await script.third_answers()
    await script.comes_to("led", shown=False)


async def blind_to_a_number(script: Script) -> None:
    """The same for a typed number."""
    await script.does("blind", number=OWN)
    await script.third_answers()
    await script.comes_to("led", shown=False)


async def blind_to_an_agent(script: Script) -> None:
    """The citizen to another agent at once."""
    other = other_agent(script.talk)
    script.talk.cast.agents[other].voice = VOICES[AGENT]
    await script.does("blind", to=other)
    script.talk.agent, script.third = other, None
    await script.talk.state(lambda call: call["agent"] == other, "the other agent has the call")
    await script.comes_to("talk", shown=False)


async def by_the_menu(script: Script) -> None:
    """The menu's water-distress key, no agent involved."""
    await script.third_answers()
    await script.comes_to("led", shown=False)


def other_agent(talk: Talk) -> str:
    """An agent who has not the call."""
    return next(extension for extension in talk.cast.agents if extension != talk.agent)


WAYS: dict[str, Way] = {
    "consult first": Way(consult_first),
    "while it rings, hold": Way(ringing),
    "three at once": Way(added, ends="citizen"),
    "consult, agent leaves": Way(handed_after_a_consult, ends="citizen"),
    "emergency": Way(emergency),
    "another agent": Way(another_agent, agent_third=True),
    "back to the queue": Way(requeued),
    "blind to a party": Way(blind_to_a_party, ends="citizen"),
    "blind to a number": Way(blind_to_a_number, ends="citizen"),
    "blind to an agent": Way(blind_to_an_agent),
    "menu key": Way(by_the_menu, key="9", ends="citizen"),
}


async def third_of(cast: Cast, talk: Talk, way: Way) -> SipCaller:
    """The telephone that plays the third in this way."""
    if way.agent_third:
        phone = cast.agents[other_agent(talk)]
        phone.voice = VOICES[THIRD]
        return phone
    return await cast.party("13955500021" if way.key == "9" else OWN)
