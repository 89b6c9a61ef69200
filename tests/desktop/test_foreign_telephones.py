"""Calls by telephones that are not ours: SIPp, baresip, and the demo carrier's synthetic citizen."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from ivr.catalogue import CATALOGUE_PATH, load_catalogue
from tests.running.facts import greeting_of, recording_of, stored_call
from tests.running.instance import Hotline
from tests.running.page import AGENT_HZ, ready_agent
from tests.sip.baresip import Baresip
from tests.sip.sipp import call_with_sipp
from tests.sip.tones import level_of, tone
from tests.speech import Recogniser, sounds_like

pytestmark = pytest.mark.desktop


def heard_within(said: str, sentence: str) -> float:
    """How well the sentence is heard at its best place in what was said."""
    length = len(sentence)
    return max(sounds_like(said[at : at + length], sentence) for at in range(max(1, len(said) - length + 1)))


async def test_a_citizen_on_sipp_is_heard_and_the_agent_ends_the_call(hotline: Hotline, tmp_path: Path) -> None:
    """SIPp's tone arrives in the page; SIPp sees one clean call ended by us."""
    async with ready_agent(hotline, tmp_path) as desk, asyncio.TaskGroup() as group:
        sipp = group.create_task(
            call_with_sipp(
                hotline.sip, "12345", folder=tmp_path, user="13655700001", ending="they hang up", hold_s=25, freq_hz=1000
            )
        )
        await desk.answer()
        await desk.hears_tone(1000)
        await desk.page.click("#btn-hangup")
    report = sipp.result()
    assert (report.succeeded, report.failed) == (1, 0)


async def test_a_citizen_on_baresip_and_the_agent_hear_each_other(hotline: Hotline, tmp_path: Path) -> None:
    """A foreign telephone's tone arrives in the page and the agent's in the telephone; the citizen hangs up."""
    source = tone(700, 60.0, 6000)
    async with ready_agent(hotline, tmp_path) as desk, Baresip(tmp_path, "13755700002", source=source) as phone:
        await phone.dial(f"sip:12328@{hotline.sip[0]}:{hotline.sip[1]}")
        await desk.answer()
        await desk.hears_tone(700)
        await phone.hang_up()
        await desk.state("ready", 5)
    assert level_of(phone.heard()[-4000:], AGENT_HZ) == pytest.approx(8000, rel=0.2)


@pytest.mark.parametrize("line", ["12328", "12345"])
async def test_make_call_lets_a_citizen_speak_mandarin_to_the_agent(
    hotline: Hotline, tmp_path: Path, recogniser: Recogniser, line: str
) -> None:
    """The synthetic citizen's sentence is in the recording, the notice before it, on both numbers."""
    number = f"138557{line}"
    async with ready_agent(hotline, tmp_path) as desk:
        await asyncio.to_thread(hotline.citizen, line, number)
        await desk.answer()
        call_id = await desk.call_id()
        await asyncio.sleep(12)  # the citizen speaks 10 s after the answer of the line, for 6 s
        await desk.page.click("#btn-hangup")
    with hotline.api() as api:
        stored = await stored_call(api, call_id, state="ended", ended_by="agent", line=line)
        assert stored["caller"] == number
        citizen, agent = await recording_of(api, call_id)
    said = recogniser.text_of(citizen, 8000)
    sentences = [prompt.text for prompt in load_catalogue(CATALOGUE_PATH).demo if prompt.key.startswith("citizen-")]
    # the citizen says it again and again; once, wherever it begins, is enough
    assert max(heard_within(said, sentence) for sentence in sentences) > 0.6, said
    assert sounds_like(recogniser.text_of(agent[: 8000 * 8], 8000), greeting_of(line)) > 0.6
