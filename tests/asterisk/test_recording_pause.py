"""A pause of the recording by real telephones: nothing of it in any file, all before and after, whoever joins and whatever dies."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from tests.asterisk.test_third_evidence import OWN, segment_of, settled
from tests.running.ears import AGENT, CITIZEN, HEARD, HZ, THIRD, piece
from tests.running.facts import recording_of
from tests.running.instance import Hotline, running
from tests.running.third import Cast, Talk, cast_of, city_with_parties, talk_of
from tests.sip.tones import RATE_HZ, Samples, level_of

pytestmark = pytest.mark.asterisk

LIMIT_S = 10  # the shortest a city may set
EDGE_S = 0.4  # between Asterisk's word and the file, and what a window of a boundary needs
SILENT = 2  # the largest sample of silence: a quantum of A-law is more


@pytest.fixture(scope="module")
def hotline() -> Iterator[Hotline]:
    """A hotline whose parties are telephones of ours, with the shortest pause."""
    city = city_with_parties().replace("pause_s: 60", f"pause_s: {LIMIT_S}")
    with running(city) as one:
        yield one


async def paused(talk: Talk) -> dict[str, Any]:
    """The call once a click has paused its recording and the live view says so."""
    await talk.does("pause_recording")
    return await talk.state(lambda call: call["pause"] is not None, "the recording is paused")


async def runs_again(talk: Talk, timeout_s: float) -> None:
    """Until the live view says that the recording runs."""
    await talk.state(lambda call: call["pause"] is None, "the recording runs again", timeout_s)


def moments(stored: dict[str, Any]) -> list[tuple[float, str, dict[str, Any]]]:
    """When the recording was paused and ran again, by the call's timeline: (epoch s, kind, facts)."""
    kinds = ("recording_paused", "recording_resumed")
    return [(entry["at"], entry["kind"], entry["facts"]) for entry in stored["timeline"] if entry["kind"] in kinds]


def loudest(samples: Samples) -> int:
    """The largest sample."""
    return int(np.abs(samples.astype(np.int32)).max()) if len(samples) else 0


async def sides(cast: Cast, stored: dict[str, Any]) -> tuple[Samples, Samples, float]:
    """Both sides of the main recording and when it began (epoch s)."""
    citizen, heard = await recording_of(cast.api, stored["call_id"])
    return citizen, heard, stored["ended_at"] - len(citizen) / RATE_HZ


async def test_nothing_of_a_pause_is_in_any_recording_and_everything_around_it_is(hotline: Hotline) -> None:
    """Citizen and agent talk, the agent pauses, brings a third in meanwhile, and resumes: each file is silent just then."""
    async with cast_of(hotline, 1) as cast, talk_of(cast) as talk:
        third = await cast.party(OWN)
        await talk.citizen.listen(2.0)
        before = await paused(talk)
        assert before["pause"]["until"] - before["pause"]["since"] == pytest.approx(LIMIT_S, abs=0.01)
        await talk.hears("talk")
        await talk.does("add", party="own")
        await talk.stage("three")
        await talk.hears("three", third)
        await talk.does("resume_recording")
        await runs_again(talk, 5)
        await talk.hears("three", third)
        await talk.citizen.listen(1.5)
        await talk.everybody_hangs_up()
        stored = await settled(cast, talk.call_id)
        citizen, heard, began_at = await sides(cast, stored)
        said, third_heard = await segment_of(cast, talk.call_id, 1)
    (paused_at, first, facts), (resumed_at, second, by) = moments(stored)
    assert (first, second, by) == ("recording_paused", "recording_resumed", {"by": "agent"})
    assert facts["agent"] == talk.agent
    begin, end = paused_at - began_at, resumed_at - began_at
    inside = slice(round((begin + EDGE_S) * RATE_HZ), round((end - EDGE_S) * RATE_HZ))
    assert end - begin > 2 * EDGE_S + 1.0
    assert (loudest(citizen[inside]), loudest(heard[inside])) <= (SILENT, SILENT)
    for side, hz in ((citizen, HZ[CITIZEN]), (heard, HZ[AGENT])):
        assert level_of(piece(side, begin - EDGE_S, 0.5), hz) >= HEARD, "before"
        assert level_of(piece(side, end + EDGE_S + 0.5, 0.5), hz) >= HEARD, "after"
    assert level_of(piece(heard, end + EDGE_S + 0.5, 0.5), HZ[THIRD]) >= HEARD
    third_began = stored["segments"][0]["started_at"]
    until = round((resumed_at - third_began - EDGE_S) * RATE_HZ)
    assert until > RATE_HZ // 2, "the third was there during the pause"
    late = slice(round(EDGE_S * RATE_HZ), until)  # from the click that silences it
    assert (loudest(said[late]), loudest(third_heard[late])) <= (SILENT, SILENT)
    assert level_of(said[-RATE_HZ:], HZ[THIRD]) >= HEARD
    assert level_of(third_heard[-RATE_HZ:], HZ[CITIZEN]) >= HEARD


async def test_a_pause_outlives_a_killed_bridge_and_ends_in_time(hotline: Hotline) -> None:
    """The bridge is killed in a pause: the next one shows it, ends it when its time is over, and both halves are in the records."""
    async with cast_of(hotline, 1) as cast, talk_of(cast) as talk:
        await talk.citizen.listen(1.0)
        before = await paused(talk)
        await asyncio.to_thread(hotline.signal, "bridge", signal.SIGKILL)
        await asyncio.sleep(1.0)
        again = await talk.state(lambda call: call["pause"] is not None, "the next bridge knows", 15)
        assert again["pause"]["until"] == pytest.approx(before["pause"]["until"], abs=1.0)
        await runs_again(talk, LIMIT_S + 5)
        await talk.hears("talk")
        await talk.citizen.listen(1.0)
        await talk.everybody_hangs_up()
        stored = await settled(cast, talk.call_id)
        citizen, heard, began_at = await sides(cast, stored)
    (paused_at, _, _), (resumed_at, _, by) = moments(stored)
    assert by == {"by": "time"}
    assert resumed_at - paused_at == pytest.approx(LIMIT_S, abs=2.0)
    inside = slice(round((paused_at - began_at + EDGE_S) * RATE_HZ), round((resumed_at - began_at - EDGE_S) * RATE_HZ))
    assert (loudest(citizen[inside]), loudest(heard[inside])) <= (SILENT, SILENT)
    assert level_of(citizen[-RATE_HZ:], HZ[CITIZEN]) >= HEARD
    assert f"/hlpause/{talk.call_id}" not in hotline.asterisk("database show hlpause")


async def test_a_consult_in_a_pause_is_silent_too_and_a_pause_ends_with_its_agents_part(hotline: Hotline) -> None:
    """A colleague is consulted while the recording is paused and takes the call over: from there all is kept again."""
    async with cast_of(hotline) as cast, talk_of(cast) as talk:
        other = next(extension for extension in cast.agents if extension != talk.agent)
        await talk.citizen.listen(1.0)
        await paused(talk)
        await talk.does("consult", to=other)
        await talk.stage("consult")
        await talk.citizen.listen(1.5)
        await talk.does("leave")
        talk.agent = other
        await talk.stage("talk")
        await runs_again(talk, 5)
        await talk.citizen.listen(1.5)
        await talk.everybody_hangs_up()
        stored = await settled(cast, talk.call_id)
        citizen, heard, began_at = await sides(cast, stored)
        said, third_heard = await segment_of(cast, talk.call_id, 1)
    (paused_at, _, _), (resumed_at, _, by) = moments(stored)
    assert by == {"by": "left"}
    inside = slice(round((paused_at - began_at + EDGE_S) * RATE_HZ), round((resumed_at - began_at - EDGE_S) * RATE_HZ))
    assert (loudest(citizen[inside]), loudest(heard[inside])) <= (SILENT, SILENT), "no music either: the file knows nothing of it"
    until = round((resumed_at - stored["segments"][0]["started_at"] - EDGE_S) * RATE_HZ)
    late = slice(round(EDGE_S * RATE_HZ), until)
    assert (loudest(said[late]), loudest(third_heard[late])) <= (SILENT, SILENT)
    assert level_of(citizen[-RATE_HZ:], HZ[CITIZEN]) >= HEARD
    assert level_of(heard[-RATE_HZ:], HZ[AGENT]) >= HEARD


async def test_nobody_but_the_agent_in_the_call_pauses_its_recording(hotline: Hotline) -> None:
    """Another agent's click, and one about a call that is not there."""
    async with cast_of(hotline) as cast, talk_of(cast) as talk:
        mine = talk.agent
        talk.agent = next(extension for extension in cast.agents if extension != mine)
        assert (await talk.act("pause_recording"))["code"] == "not_your_call"
        talk.agent, call_id = mine, talk.call_id
        talk.call_id = "h1-1.1"
        assert (await talk.act("pause_recording"))["code"] == "not_your_call"
        talk.call_id = call_id
        assert (await talk.state(lambda call: call["agent"] == mine, "as before"))["pause"] is None
