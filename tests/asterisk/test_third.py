"""A third party on the line, by real telephones: who hears whom, what failures cost, where walks lead; the campaign has all."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Iterator

import pytest

from ami_bridge.silence_watch import EVERY_S
from tests.asterisk.test_logs_are_quiet import logs
from tests.campaign.third_failing import SILENCE_MS, fail
from tests.campaign.third_stages import CELLS, OWN
from tests.campaign.third_walking import take
from tests.running.evidence import heard_in_recordings, whole
from tests.running.facts import live_equals_asterisk
from tests.running.hardware import hold_key
from tests.running.instance import Hotline, running
from tests.running.rescue import nothing_left
from tests.running.script import Script
from tests.running.third import cast_of, city_with_parties, running_leg, talk_of
from tests.sip.policy import RingForever

pytestmark = pytest.mark.asterisk

HOLE_MS = 300.0  # a safety limit; measured: tens of milliseconds
KEYS_S = 10.0
QUICK = ("third hangs up", "agent hangs up", "click as the third goes", "click as the agent goes")


@pytest.fixture(scope="module")
def hotline() -> Iterator[Hotline]:
    """A hotline whose parties are telephones of ours."""
    with running(city_with_parties()) as one:
        yield one


async def test_a_citizen_hears_whom_they_must_from_the_consult_to_the_two_who_talk_on_and_so_do_the_recordings(
    hotline: Hotline,
) -> None:
    """Consult, swap, all three, the agent leaves: tones at every ear, in the main recording and in the third's segment."""
    async with cast_of(hotline, 1) as cast, talk_of(cast) as talk:
        script = Script(talk, await cast.party(OWN))
        await script.comes_to("talk")
        await script.does("consult", party="own")
        await script.comes_to("consult")
        await script.does("swap")
        await script.comes_to("swapped")
        await script.does("merge")
        await script.comes_to("three")
        await script.does("leave")
        await script.comes_to("handed")
        await script.does("take_back")
        await script.comes_to("three")
        await script.does("leave")
        await script.comes_to("handed")
        await talk.citizen.hang_up()
        await nothing_left(cast, talk.call_id)
        evidence = await whole(cast, talk.call_id)
        for stage, place, must, levels in await heard_in_recordings(cast, evidence, script.heard):
            assert levels.faults(must) == [], (stage, place, levels)
    assert [gap for gap in script.gaps if gap.hole_ms > HOLE_MS] == []


async def test_an_agents_own_hold_key_means_music_and_nobody_stays_muted_when_the_agent_has_left(hotline: Hotline) -> None:
    """A hardware telephone holds the citizen in the room; a muted citizen is handed to the third, who must hear them."""
    async with cast_of(hotline, 1) as cast, talk_of(cast) as talk:
        for act, stage in (("hold", "parked"), ("merge", "talk")):
            await talk.does(act)
            await talk.stage(stage)
        await hold_key(talk.agent_leg, is_held=True)
        await talk.stage("parked")
        await talk.hears("parked", wanted={"citizen": ("music",)})
        await hold_key(talk.agent_leg, is_held=False)
        await talk.stage("talk")
        await talk.hears("talk")
        third = await cast.party(OWN)
        await talk.does("add", party="own")
        await talk.stage("three")
        await talk.does("mute", role="citizen")
        await talk.state(lambda call: call["join"]["muted"] == ["citizen"], "the citizen is muted")
        await talk.does("leave")
        await talk.stage("handed")
        await talk.hears("handed", third)
        await talk.citizen.hang_up()
        await nothing_left(cast, talk.call_id)


async def test_a_third_who_hangs_up_under_an_agents_keys_is_gone_and_the_citizen_is_back_with_the_agent(hotline: Hotline) -> None:
    """The first keys arrive; the end of the leg is told while the others are still to be played."""
    async with cast_of(hotline, 1) as cast, talk_of(cast) as talk:
        third = await cast.party(OWN)
        await talk.does("consult", party="own")
        await talk.stage("consult")
        leg = running_leg(third)
        await talk.does("digits", digits="123456789#")
        async with asyncio.timeout(KEYS_S):
            while not leg.digits.startswith("12"):  # noqa: ASYNC110 - the telephone has no event for a key
                await asyncio.sleep(0.02)
        await leg.hang_up()
        await talk.stage("talk")
        await talk.citizen.hang_up()
        await nothing_left(cast, talk.call_id)


async def test_an_agents_keys_reach_the_other_side_of_an_ordinary_talk_not_one_on_hold_and_no_log(hotline: Hotline) -> None:
    """As in a company's menu that was called; both talk on. Who hears music on hold has no menu open."""
    keys = "90817264#"
    async with cast_of(hotline, 1) as cast, talk_of(cast) as talk:
        await talk.does("digits", digits=keys)
        async with asyncio.timeout(KEYS_S):
            while talk.citizen.digits != keys:  # noqa: ASYNC110 - the telephone has no event for a key
                await asyncio.sleep(0.02)
        await talk.hears("talk")
        await hold_key(talk.agent_leg, is_held=True)
        await talk.stage("held")
        refused = await talk.act("digits", digits="5")
        assert (refused["ok"], refused["code"]) == (False, "wrong_stage")
        await hold_key(talk.agent_leg, is_held=False)
        await talk.stage("talk")
        assert talk.citizen.digits == keys
        await talk.citizen.hang_up()
        await nothing_left(cast, talk.call_id)
    assert [name for name, text in logs(hotline).items() if keys in text] == []


async def test_a_citizen_who_met_an_engaged_number_is_not_cut_off_when_the_next_agents_telephone_vanishes(hotline: Hotline) -> None:
    """The cause of the engaged number stays on the citizen's channel and must not hide that of the agent's leg."""
    async with cast_of(hotline, 1) as cast, talk_of(cast) as talk:
        await talk.does("blind", party="engaged")
        await talk.state(lambda call: call["party"] == "engaged", "the engaged number is tried")  # it may be over at once
        await talk.anybody_has_it()
        await cast.vanishes(talk.agent)
        await talk.state(lambda call: call["lost_by"] == talk.agent or call["phase"] == "talking", "the agent is called again")
        await talk.stage("talk")
        await talk.hears("talk")
        await talk.citizen.hang_up()
        await nothing_left(cast, talk.call_id)


async def test_an_emergency_rings_number_after_number_and_both_talk_when_one_answers(hotline: Hotline) -> None:
    """An unknown number, an engaged one, one that declines; the fourth answers while the citizen and the agent talk on."""
    async with cast_of(hotline, 1) as cast, talk_of(cast) as talk:
        await talk.does("emergency", party="ladder")
        call = await talk.stage("three")
        assert call["alarm"]["state"] == "answered"
        await talk.hears("three", wanted={"citizen": ("agent", "third"), "agent": ("citizen", "third")})
        await talk.citizen.hang_up()
        await talk.agent_leg.hang_up()
        await nothing_left(cast, talk.call_id)
        evidence = await whole(cast, talk.call_id)
    assert [one["result"] for one in evidence.of("third_failed")] == ["unknown_number", "busy", "declined"]


async def test_a_rescue_whose_first_number_failed_while_there_was_no_bridge_is_dialled_on_by_the_next_one(hotline: Hotline) -> None:
    """The citizen and the agent talk all the while; nobody has to click again."""
    async with cast_of(hotline, 1) as cast, talk_of(cast) as talk:
        engaged, rescuers = await cast.party("13955500021", RingForever()), await cast.party("13955500022")
        await talk.does("emergency", party="distress")
        leg = await engaged.next_call(10)
        await asyncio.to_thread(hotline.stop, "bridge")
        leg.reject(486)
        await leg.ended.within(10)
        await asyncio.to_thread(hotline.start_again, "bridge")
        await rescuers.next_call(20)
        call = await talk.stage("three", timeout_s=20)
        assert call["alarm"]["state"] == "answered"
        await talk.hears("three", wanted={"citizen": ("agent", "third"), "agent": ("citizen", "third")})
        await talk.citizen.hang_up()
        await talk.agent_leg.hang_up()
        await nothing_left(cast, talk.call_id)
        evidence = await whole(cast, talk.call_id)
    assert [(one["attempt"], one["result"]) for one in evidence.of("third_failed")] == [(1, "unavailable")]


async def test_a_citizen_hears_and_the_recording_keeps_every_agent_whatever_the_packets_numbers_are(hotline: Hotline) -> None:
    """Handed back to the queue: the second agent's packets are numbered lower than the first one's."""
    async with cast_of(hotline) as cast:
        for phone in cast.agents.values():
            phone.first_number = 20_000
        async with talk_of(cast) as talk:
            script = Script(talk)
            await script.comes_to("talk")
            for extension, phone in cast.agents.items():
                if extension != talk.agent:
                    phone.first_number = 1000
            await script.does("requeue", queue="hotline")
            await talk.anybody_answers()
            await script.comes_to("talk", shown=False)
            await talk.citizen.hang_up()
            await nothing_left(cast, talk.call_id)
        evidence = await whole(cast, talk.call_id)
        for stage, place, must, levels in await heard_in_recordings(cast, evidence, script.heard):
            assert levels.faults(must) == [], (stage, place, levels)


async def test_each_of_three_whose_sound_is_numbered_anew_is_heard_again_within_seconds(hotline: Hotline) -> None:
    """As when a carrier goes on from another source; nobody is moved for it."""
    async with cast_of(hotline, 1) as cast, talk_of(cast) as talk:
        third = await cast.party(OWN)
        await talk.does("add", party="own")
        await talk.stage("three")
        await talk.citizen.listen(EVERY_S + 1.0)  # in a room only what the bridge has seen before can be seen to change
        for leg in (talk.citizen, talk.agent_leg, running_leg(third)):
            leg.rtp.begin_anew()
            await talk.hears("three", third)
        await talk.everybody_hangs_up()
        await nothing_left(cast, talk.call_id)


async def test_some_failures_at_some_stages_leave_every_citizen_with_somebody(hotline: Hotline, seed: int) -> None:
    """By dice: the bridge killed at one stage, somebody or something gone at two others."""
    dice = random.Random(seed)
    killed = dice.choice([cell for cell in CELLS if cell[0] == "bridge killed"])
    others = dice.sample([cell for cell in CELLS if cell[0] in QUICK], 2)
    async with cast_of(hotline) as cast:
        for failure, stage in (killed, *others):
            cost = await fail(cast, failure, stage)
            assert cost.silence_ms < SILENCE_MS, (failure, stage)


async def test_when_the_citizen_hangs_up_the_agent_and_a_third_on_hold_talk_on_and_the_live_view_says_so(hotline: Hotline) -> None:
    """The third is still on the way into the room when the citizen's end is told."""
    async with cast_of(hotline, 1) as cast:
        cost = await fail(cast, "citizen hangs up", "swapped")
    assert cost.ended == "over"


async def test_wherever_two_random_walks_lead_the_citizen_is_with_somebody_or_waits(hotline: Hotline, seed: int) -> None:
    """Both at once; the campaign takes 200."""
    async with cast_of(hotline, 4) as cast:
        done = await asyncio.gather(*(take(cast, seed, number) for number in (0, 1)))
        await live_equals_asterisk(hotline, cast.api)
    assert [(walked.took, walked.faults) for walked in done if walked.faults] == []
