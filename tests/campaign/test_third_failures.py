"""Every failure at every stage with a third party on the line: where the citizen ends up, after how long, the evidence."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest

from tests.campaign.conftest import OpenTable
from tests.campaign.harms import back
from tests.campaign.third_stages import AGENT, CELLS, ENDS, HARMS, OVER, SAME, STAGES, Scene, reach
from tests.running.evidence import whole
from tests.running.facts import live_equals_asterisk
from tests.running.instance import Hotline, running
from tests.running.rescue import agreed, nothing_left, rescued
from tests.running.third import Cast, Talk, cast_of, city_with_parties, talk_of
from tests.sip.policy import Answer, Policy, Refuse, RingForever
from tests.sip.tones import silent_ms

pytestmark = pytest.mark.campaign

FAILURES = ("failure", "stage", "the citizen has", "after ms", "longest silence ms", "evidence")
SILENCE_MS = 5000.0  # nobody waits in silence for longer
KEPT = {"talk": AGENT, "adding": AGENT, "swapped": AGENT, "three": "agent third", "handed": "third"}  # who is heard at a stage
AWAY_S = 22.0


@pytest.fixture(scope="module")
def hotline() -> Iterator[Hotline]:
    """A hotline whose parties are telephones of ours."""
    with running(city_with_parties()) as one:
        yield one


@pytest.mark.parametrize(("failure", "stage"), CELLS)
async def test_a_citizen_is_kept_whatever_fails_at_whatever_stage(
    hotline: Hotline, table: OpenTable, failure: str, stage: str
) -> None:
    """By ear: who is there in the end, how long it took, how long it was silent; then the evidence, and nothing is left over."""
    rows = table("third-failures", "Failures with a third party on the line", *FAILURES)
    wanted = ENDS[failure][stage]
    async with cast_of(hotline) as cast, talk_of(cast) as talk:
        scene = await reach(cast, talk, stage)
        before, began = len(talk.citizen.heard()), asyncio.get_running_loop().time()
        await HARMS[failure](scene)
        if wanted == SAME:
            ended, after_ms, silence_ms = await _same(scene, before)
        else:
            seen = await rescued(talk, wanted, began, heard_before=before)
            ended, after_ms, silence_ms = seen.ended, seen.after_ms, seen.silence_ms
            if wanted != OVER:
                await agreed(cast, talk.call_id)
        await talk.citizen.hang_up()
        await nothing_left(cast, talk.call_id)
        evidence = await whole(cast, talk.call_id)
        await live_equals_asterisk(hotline, cast.api)
    rows.add(failure, stage, ended, f"{after_ms:.0f}", f"{silence_ms:.0f}", f"whole, {len(evidence.segments)} segments")
    assert silence_ms < SILENCE_MS


async def _same(scene: Scene, before: int) -> tuple[str, float, float]:
    """After the death of the bridge: the same people hear each other, and the bridge shows the same stage when it is back."""
    talk = scene.talk
    await back(talk.cast.hotline)
    await talk.stage(scene.stage, timeout_s=20)
    if scene.third_leg_up or scene.stage in ("talk", "parked"):
        await talk.hears(scene.stage, scene.third)
    await agreed(talk.cast, talk.call_id)
    return f"{scene.stage}, as before", 0.0, silent_ms(talk.citizen.heard()[before:])


@pytest.mark.parametrize("stage", [stage for stage in STAGES if stage not in ("talk",)])
async def test_nobody_is_cut_off_and_nobody_waits_in_silence_while_there_is_no_bridge(
    hotline: Hotline, table: OpenTable, stage: str
) -> None:
    """Stopped for 22 s: the hold loops bring the citizen back to whoever is there; the bridge that comes back shows the truth."""
    columns = ("stage", "the citizen hears somebody after ms", "longest silence ms", "stage the new bridge shows", "evidence")
    rows = table("third-bridge", "No bridge for 22 s", *columns)
    async with cast_of(hotline) as cast, talk_of(cast) as talk:
        await reach(cast, talk, stage)
        before, began = len(talk.citizen.heard()), asyncio.get_running_loop().time()
        await asyncio.to_thread(hotline.stop, "bridge")
        try:
            seen = await rescued(talk, KEPT.get(stage, "agent third"), began, heard_before=before)
            await asyncio.sleep(max(0.0, began + AWAY_S - asyncio.get_running_loop().time()))
            silence_ms = silent_ms(talk.citizen.heard()[before:])
            assert not talk.citizen.ended.is_set()
        finally:
            await asyncio.to_thread(hotline.start_again, "bridge")
        await back(hotline)
        look = await agreed(cast, talk.call_id)
        await talk.citizen.hang_up()
        await nothing_left(cast, talk.call_id)
        evidence = await whole(cast, talk.call_id)
    rows.add(stage, f"{seen.after_ms:.0f}", f"{silence_ms:.0f}", look.shown(), f"whole, {len(evidence.segments)} segments")
    assert silence_ms < SILENCE_MS


REFUSALS: dict[str, tuple[str, Policy | None, str]] = {  # what -> party, what a telephone of ours does, the word of the view
    "busy": ("own", Refuse(486), "busy"),
    "busy (carrier)": ("engaged", None, "busy"),
    "no answer": ("own", RingForever(), "no_answer"),
    "declined": ("own", Refuse(603), "declined"),
    "wrong number": ("unknown", None, "unknown_number"),
    "trunk refuses": ("own", Refuse(503), "unavailable"),
    "early media, then refused": ("early", None, ""),
}


@pytest.mark.parametrize("way", ["consult", "add", "emergency", "blind"])
@pytest.mark.parametrize("what", REFUSALS)
async def test_a_third_who_does_not_come_costs_the_citizen_nothing(hotline: Hotline, table: OpenTable, what: str, way: str) -> None:
    """Each way of asking, each way of not coming: the agent is back, or goes on talking, and the view says why."""
    rows = table("third-refusals", "A third who does not come", "what", "way", *FAILURES[2:], "shown as")
    party, policy, word = REFUSALS[what]
    async with cast_of(hotline) as cast, talk_of(cast) as talk:
        if policy is not None:
            await cast.party("13955500001", policy)
        before, began = len(talk.citizen.heard()), asyncio.get_running_loop().time()
        if way == "emergency":
            await _emergency(talk, party)
        else:
            await talk.does(way, party=party)
        if way == "blind":
            seen, shown = await rescued(talk, AGENT, began, heard_before=before), ""
            await talk.anybody_answers()
        else:
            call = await talk.state(lambda one: bool((one["join"] or {}).get("failed")), "told that it failed", 40)
            shown = call["join"]["failed"]
            seen = await rescued(talk, AGENT, began, heard_before=before)
        await agreed(cast, talk.call_id)
        await talk.citizen.hang_up()
        await nothing_left(cast, talk.call_id)
        evidence = await whole(cast, talk.call_id)
    told = f"whole, {len(evidence.of('third_failed'))} failed"
    rows.add(what, way, seen.ended, f"{seen.after_ms:.0f}", f"{seen.silence_ms:.0f}", told, shown)
    assert seen.silence_ms < SILENCE_MS
    assert way == "blind" or not word or shown == word


async def _emergency(talk: Talk, party: str) -> None:
    """As `emergency` is for emergency parties, both numbers of one do the same as the party would."""
    numbers = ("13955500021", "13955500022")
    policy: Policy = talk.cast.own["13955500001"].on_invite if party == "own" else Refuse(404)
    for number in numbers:
        await talk.cast.party(number, policy)
    await talk.does("emergency", party="distress")


@pytest.mark.parametrize("stage", ["calling", "adding", "consult", "three", "handed"])
async def test_a_dead_carrier_or_a_silent_or_brief_party_leaves_nobody_alone(
    hotline: Hotline, table: OpenTable, stage: str
) -> None:
    """The trunk is dead while it is dialled; who answers without a sound; who hangs up after 6 s."""
    rows = table("third-carrier", "The carrier's trial numbers at each stage", "stage", "party", *FAILURES[2:])
    party = {"calling": "dead trunk", "adding": "dead trunk"}.get(stage, "brief")
    async with cast_of(hotline) as cast, talk_of(cast) as talk:
        before, began = len(talk.citizen.heard()), asyncio.get_running_loop().time()
        if party == "dead trunk":
            await asyncio.to_thread(hotline.stop, "carrier")
        try:
            await _ask(cast, talk, stage, party)
            seen = await rescued(talk, AGENT, began + (6.0 if party == "brief" else 0.0), heard_before=before)
            await talk.stage("talk", timeout_s=45)
        finally:
            if party == "dead trunk":
                await asyncio.to_thread(hotline.start_again, "carrier")
        await talk.anybody_has_it()
        await agreed(cast, talk.call_id)
        await talk.citizen.hang_up()
        await nothing_left(cast, talk.call_id)
        evidence = await whole(cast, talk.call_id)
    told = f"whole, {len(evidence.segments)} segments"
    rows.add(stage, party, seen.ended, f"{seen.after_ms:.0f}", f"{seen.silence_ms:.0f}", told)
    assert seen.silence_ms < SILENCE_MS


async def _ask(cast: Cast, talk: Talk, stage: str, party: str) -> None:
    if party == "dead trunk":
        await cast.party("13955500001", Answer())
        await talk.does("consult" if stage == "calling" else "add", party="own")
        return
    await talk.does("consult" if stage == "consult" else "add", party="brief")
    await talk.stage("consult" if stage == "consult" else "three")
    if stage == "handed":
        await talk.does("leave")
        await talk.stage("handed")
