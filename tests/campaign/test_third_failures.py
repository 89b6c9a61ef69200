"""Every failure at every stage with a third party on the line: where the citizen ends up, after how long, the evidence."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest

from tests.campaign.conftest import OpenTable
from tests.campaign.third_failing import SILENCE_MS, Cost, end_and_check, fail, without_a_bridge
from tests.campaign.third_stages import AGENT, CELLS, OWN, STAGES
from tests.running.instance import Hotline, running
from tests.running.rescue import agreed, rescued
from tests.running.third import Talk, cast_of, city_with_parties, talk_of
from tests.sip.policy import Policy, Refuse, RingForever

pytestmark = pytest.mark.campaign

COST = ("the citizen has", "after ms", "longest silence ms", "evidence")


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
    async with cast_of(hotline) as cast:
        cost = await fail(cast, failure, stage)
    table("third-failures", "Failures with a third party on the line", "failure", "stage", *COST).add(failure, stage, *cost.cells())
    assert cost.silence_ms < SILENCE_MS


@pytest.mark.parametrize("stage", [stage for stage in STAGES if stage != "talk"])
async def test_nobody_is_cut_off_and_nobody_waits_in_silence_while_there_is_no_bridge(
    hotline: Hotline, table: OpenTable, stage: str
) -> None:
    """Stopped for 22 s: the hold loops bring the citizen back to whoever is there; the bridge that comes back shows the truth."""
    async with cast_of(hotline) as cast:
        cost, shown = await without_a_bridge(cast, stage)
    rows = table("third-bridge", "No bridge for 22 s", "stage", *COST, "stage the next bridge shows")
    rows.add(stage, *cost.cells(), shown)
    assert cost.silence_ms < SILENCE_MS


REFUSALS: dict[str, tuple[str, Policy | None, str]] = {  # what -> party, what a telephone of ours does, the word of the view
    "busy": ("own", Refuse(486), "busy"),
    "busy (carrier)": ("engaged", None, "busy"),
    "no answer": ("own", RingForever(), "no_answer"),
    "declined": ("own", Refuse(603), "declined"),
    "wrong number": ("unknown", None, "unknown_number"),
    "trunk refuses": ("own", Refuse(503), "unavailable"),
    "early media, then refused": ("early", None, ""),
    "trunk dead": ("own", None, ""),
}


@pytest.mark.parametrize("way", ["consult", "add", "emergency", "blind"])
@pytest.mark.parametrize("what", REFUSALS)
async def test_a_third_who_does_not_come_costs_the_citizen_nothing(hotline: Hotline, table: OpenTable, what: str, way: str) -> None:
    """Each way of asking, each way of not coming: the agent is back, or goes on talking, and the view says why."""
    party, policy, word = REFUSALS[what]
    async with cast_of(hotline) as cast, talk_of(cast) as talk:
        if policy is not None:
            for number in (OWN, "13955500021", "13955500022"):
                await cast.party(number, policy)
        before, began = len(talk.citizen.heard()), asyncio.get_running_loop().time()
        if what == "trunk dead":
            await asyncio.to_thread(hotline.stop, "carrier")
        try:
            await _asks(talk, way, party)
            shown = "" if way == "blind" else await _told(talk)
            seen = await rescued(talk, AGENT, began, heard_before=before)
            await talk.anybody_has_it()
        finally:
            if what == "trunk dead":
                await asyncio.to_thread(hotline.start_again, "carrier")
        await agreed(cast, talk.call_id)
        segments = await end_and_check(cast, talk)
    cost = Cost(seen.ended, seen.after_ms, seen.silence_ms, segments)
    table("third-refusals", "A third who does not come", "what", "way", *COST, "shown as").add(what, way, *cost.cells(), shown)
    assert cost.silence_ms < SILENCE_MS
    assert way == "blind" or not word or shown == word


async def _asks(talk: Talk, way: str, party: str) -> None:
    """The emergency act is for emergency parties: its two numbers do what the party would."""
    if way == "emergency":
        party = {"own": "distress", "engaged": "engaged_rescue", "unknown": "unknown_rescue", "early": "early_rescue"}[party]
    await talk.does(way, party=party)


async def _told(talk: Talk) -> str:
    call = await talk.state(lambda one: bool((one["join"] or {}).get("failed")), "told that it failed", 60)
    return str(call["join"]["failed"])


@pytest.mark.parametrize("party", ["brief", "voiceless"])
@pytest.mark.parametrize("stage", ["consult", "three", "handed"])
async def test_a_party_that_hangs_up_soon_or_says_nothing_leaves_nobody_alone(
    hotline: Hotline, table: OpenTable, party: str, stage: str
) -> None:
    """Who hangs up after 6 s; who answers without a sound and is dropped, or left with the citizen, whom the agent takes back."""
    async with cast_of(hotline) as cast, talk_of(cast) as talk:
        await talk.does("consult" if stage == "consult" else "add", party=party)
        await talk.stage("consult" if stage == "consult" else "three")
        if stage == "handed":
            await talk.does("leave")
            await talk.stage("handed")
        before, began = len(talk.citizen.heard()), asyncio.get_running_loop().time()
        if party == "voiceless":
            await talk.does("take_back" if stage == "handed" else "drop")
        if stage != "three":
            seen = await rescued(talk, AGENT, began, heard_before=before)
        if party == "brief":
            await talk.stage("talk", "talking", timeout_s=45)
        if stage == "three":
            seen = await rescued(talk, AGENT, began, heard_before=before)
        await talk.anybody_has_it()
        await agreed(cast, talk.call_id)
        segments = await end_and_check(cast, talk)
    cost = Cost(seen.ended, seen.after_ms, seen.silence_ms, segments)
    table("third-parties", "Parties that are brief or silent", "party", "stage", *COST).add(party, stage, *cost.cells())
    assert cost.silence_ms < SILENCE_MS
