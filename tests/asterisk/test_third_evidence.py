"""The evidence of calls with a third on the line, by real telephones: who took over, who left at once, Asterisk killed."""

from __future__ import annotations

import asyncio
import io
import signal
import wave
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from tests.campaign.harms import back
from tests.running.ears import AGENT, CITIZEN, HEARD, HZ, THIRD, piece
from tests.running.evidence import whole
from tests.running.facts import recording_of, stored_call
from tests.running.instance import Hotline, pretty, running
from tests.running.listening import sound_of
from tests.running.rescue import nothing_left
from tests.running.third import Cast, Talk, cast_of, city_with_parties, running_leg, talk_of
from tests.sip.policy import Refuse
from tests.sip.tones import RATE_HZ, Samples, level_of

pytestmark = pytest.mark.asterisk

OWN = "13955500001"
RESCUERS = ("13955500021", "13955500022")
SETTLED_S = 90.0  # longer than a third's files are waited for whose end nobody told
LOST_S = 3.0  # of the end of a file when Asterisk is killed: one buffer of 2.05 s, and a moment


@pytest.fixture(scope="module")
def hotline() -> Iterator[Hotline]:
    """A hotline whose parties are telephones of ours."""
    with running(city_with_parties()) as one:
        yield one


async def settled(cast: Cast, call_id: str) -> dict[str, Any]:
    """The stored call once no recording of it is pending."""
    ends_at = asyncio.get_running_loop().time() + SETTLED_S
    while True:
        stored = await stored_call(cast.api, call_id, state="ended")
        if stored["recording"] and all(one["state"] != "pending" for one in stored["segments"]):
            return stored
        assert asyncio.get_running_loop().time() < ends_at, pretty(stored)
        await asyncio.sleep(0.5)


async def segment_of(cast: Cast, call_id: str, leg: int) -> tuple[Samples, Samples]:
    """What a third said and heard."""
    answer = await asyncio.to_thread(sound_of, cast.api, call_id, leg)
    answer.raise_for_status()
    with wave.open(io.BytesIO(answer.content)) as sound:
        both = np.frombuffer(sound.readframes(sound.getnframes()), dtype="<i2").astype(np.int16)
    return both[0::2], both[1::2]


async def colleague_consulted(cast: Cast, talk: Talk) -> str:
    """The other agent is asked in, alone first; their extension."""
    other = next(extension for extension in cast.agents if extension != talk.agent)
    await talk.does("consult", to=other)
    await talk.stage("consult")
    await running_leg(cast.agents[other]).listen(1.0)
    return other


async def test_who_was_asked_and_what_came_of_it_stands_in_the_call_with_a_recording_of_each_third(hotline: Hotline) -> None:
    """A colleague takes the call over, then asks a party in that hangs up at once; the worker is killed meanwhile."""
    async with cast_of(hotline) as cast, talk_of(cast) as talk:
        first = talk.agent
        other = await colleague_consulted(cast, talk)
        await talk.does("leave")
        talk.agent = other
        await talk.stage("talk")
        await asyncio.to_thread(hotline.signal, "worker", signal.SIGKILL)
        party = await cast.party(OWN)
        await talk.does("consult", party="own")
        leg = await party.next_call(10)
        await talk.stage("consult")
        await leg.hang_up()
        await talk.state(lambda call: call["join"]["stage"] == "talk" and call["join"]["n"] == 2, "the citizen is back")
        await talk.does("consult", party="own")
        leg = await party.next_call(10)
        await leg.answered.within(10)
        await leg.hang_up()  # before the room: nobody has spoken with them
        await talk.state(lambda call: call["join"]["stage"] == "talk" and call["join"]["n"] == 3, "the citizen is back again")
        await talk.citizen.hang_up()
        await nothing_left(cast, talk.call_id)
        await whole(cast, talk.call_id)
        stored = await settled(cast, talk.call_id)
        said, heard = await segment_of(cast, talk.call_id, 1)
    told = [(one["n"], one["way"], one["to"], one["party"], one["by"], one["outcome"]) for one in stored["transfers"]]
    assert told == [
        (1, "consult", other, "", first, "handed"),
        (2, "consult", "", "own", other, "returned"),
        (3, "consult", "", "own", other, "failed"),
    ], pretty(stored)
    dialled = [(one["leg"], one["number"], one["result"]) for each in stored["transfers"] for one in each["attempts"]]
    assert dialled == [(1, "", "answered"), (2, OWN, "answered"), (3, OWN, "no_answer")]
    assert all(each["waited_s"] > 0 for each in stored["transfers"][:2])
    assert [(one["leg"], one["n"], one["state"]) for one in stored["segments"]] == [(1, 1, "ready"), (2, 2, "ready")]
    assert (stored["agent"], stored["outcome"]) == (other, "answered")
    # the colleague heard the first agent, whose tone is the same, and not the citizen: the segment ends where the call is theirs
    assert level_of(said, HZ[AGENT]) >= HEARD
    assert level_of(heard[-RATE_HZ:], HZ[CITIZEN]) < HEARD


async def test_whom_the_dialplan_alone_tried_stands_in_the_call_number_by_number(hotline: Hotline) -> None:
    """9 is pressed: the first rescuer is engaged, the second answers and leaves; an agent then leads the citizen to a number."""
    async with cast_of(hotline, 1) as cast:
        await cast.party(RESCUERS[0], Refuse(486))
        rescuer = await cast.party(RESCUERS[1])
        party = await cast.party(OWN)
        async with talk_of(cast, key="9") as talk:
            leg = await rescuer.next_call(20)
            await leg.answered.within(10)
            await talk.state(lambda call: call["answered_at"] is not None, "the rescuer is known to have answered")
            await leg.hang_up()
            await talk.anybody_has_it()
            await talk.does("blind", number=OWN)
            leg = await party.next_call(20)
            await leg.answered.within(10)
            await leg.listen(0.5)
            await talk.citizen.hang_up()
            await nothing_left(cast, talk.call_id)
            stored = await settled(cast, talk.call_id)
    told = [(one["n"], one["way"], one["party"], one["by"], one["outcome"]) for one in stored["transfers"]]
    assert told == [(0, "menu", "water_rescue", "", "led"), (1, "blind", "", talk.agent, "led")], pretty(stored)
    tries = [(one["number"], one["result"], one["cause"]) for each in stored["transfers"] for one in each["attempts"]]
    assert tries == [(RESCUERS[0], "busy", 17), (RESCUERS[1], "answered", None), (OWN, "answered", None)], pretty(stored)
    assert all(each["waited_s"] > 0 for each in stored["transfers"])
    assert stored["segments"] == []  # the main recording is on the citizen's channel, who heard every word


async def test_asterisk_killed_under_three_on_the_line_leaves_the_evidence_whole(hotline: Hotline) -> None:
    """No hang-up is told by anybody and no file is closed: main recording and segment hold all but the last moments."""
    async with cast_of(hotline, 1) as cast, talk_of(cast) as talk:
        third = await cast.party(OWN)
        await talk.does("add", party="own")
        await talk.stage("three")
        await talk.hears("three", third)
        loop = asyncio.get_running_loop()
        began = loop.time()
        await talk.citizen.listen(LOST_S + 4.0)
        lasted_s = loop.time() - began
        await asyncio.to_thread(hotline.signal, "asterisk", signal.SIGKILL)
        await back(hotline)
        stored = await settled(cast, talk.call_id)
        citizen, _ = await recording_of(cast.api, talk.call_id)
        said, heard = await segment_of(cast, talk.call_id, 1)
    assert [one["state"] for one in stored["segments"]] == ["ready"], pretty(stored)
    assert stored["transfers"][0]["outcome"], pretty(stored)
    assert len(said) / RATE_HZ >= lasted_s - LOST_S
    assert level_of(piece(said, len(said) / RATE_HZ - 0.5, 0.5), HZ[THIRD]) >= HEARD
    assert level_of(piece(heard, len(heard) / RATE_HZ - 0.5, 0.5), HZ[CITIZEN]) >= HEARD
    assert level_of(citizen[-RATE_HZ // 2 :], HZ[CITIZEN]) >= HEARD
