"""The voice menu by real calls: every key, silence, a wrong key, and danger on the water."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from hotline_core.settings import DEFAULT_CITY
from ivr.catalogue import CATALOGUE_PATH, load_catalogue
from tests.running.facts import greeting_of, stored_call
from tests.running.instance import Hotline, running
from tests.sip.agent import SipCaller
from tests.sip.call import Call
from tests.speech import Recogniser, sounds_like

pytestmark = pytest.mark.asterisk

SILENT_LIMIT_S = 8.0  # a caller who does nothing is in the queue by then (GB/T 33358)


def text_of(*keys: str) -> str:
    """What these prompts say."""
    return "".join(load_catalogue(CATALOGUE_PATH).prompt(key).text for key in keys)


async def live_call(hotline: Hotline, api: httpx.Client, number: str, phase: str, timeout_s: float = 12.0) -> dict[str, Any]:
    """The running call of a number once it is in this phase."""
    seen: dict[str, Any] = {}
    for _ in range(int(timeout_s / 0.1)):
        live = await asyncio.to_thread(hotline.live, api)
        for call in live["calls"]:
            if call["caller"] == number:
                seen = dict(call)
                if call["phase"] == phase:
                    return seen
        await asyncio.sleep(0.1)
    raise AssertionError(f"{number} never came to {phase}: {seen}")


async def timeline(api: httpx.Client, call_id: str) -> dict[str, float]:
    """When each kind of event first happened, in seconds after the arrival."""
    stored = await stored_call(api, call_id, state="ended")
    times: dict[str, float] = {}
    for entry in stored["timeline"]:
        times.setdefault(entry["kind"], entry["at"] - stored["arrived_at"])
    return times


async def ended(phone_call: Call) -> None:
    """The caller hangs up."""
    await phone_call.hang_up()


@pytest.mark.parametrize("line", ["12328", "12345"])
async def test_a_caller_who_presses_nothing_hears_the_menu_and_waits_for_a_person_after_eight_seconds(
    hotline: Hotline, recogniser: Recogniser, line: str
) -> None:
    """Greeting with the notice, the choices, then the queue; the menu never stands between a citizen and a person."""
    number = f"13855710{line[2:]}"
    async with SipCaller(hotline.sip, number) as phone:
        call = await phone.call(line)
        await call.answered.within(5)
        with hotline.api() as api:
            live = await live_call(hotline, api, number, "waiting")
            heard = recogniser.text_of(call.heard()[: 8000 * 8], 8000)
            await ended(call)
            times = await timeline(api, live["id"])
    assert sounds_like(heard, greeting_of(line)) > 0.6, heard
    assert times["recording_started"] <= SILENT_LIMIT_S
    assert "notice_played" in times


async def test_a_caller_who_hangs_up_in_the_greeting_is_listed_and_not_said_to_have_heard_the_notice(hotline: Hotline) -> None:
    """Half a notice is no evidence; the call is in the list, and nothing of it is left in the PBX."""
    async with SipCaller(hotline.sip, "13855712009") as phone:
        call = await phone.call("12328")
        await call.answered.within(5)
        await call.listen(2.0)
        with hotline.api() as api:
            live = await live_call(hotline, api, "13855712009", "greeting", 5)
            await ended(call)
            stored = await stored_call(api, live["id"], state="ended", outcome="abandoned", ended_by="caller")
    assert [entry["kind"] for entry in stored["timeline"]] == ["call_arrived", "greeting_started", "call_ended"]
    await asyncio.to_thread(hotline.wait, lambda: live["id"] not in hotline.asterisk("database show"), 5, "the journal is closed")


@pytest.mark.parametrize(("keys", "party", "says"), [
    (["9"], "water_rescue", "water-number"), (["1", "1"], "railway", "rail-number"),  # all of them: `make campaign ONLY=menu_paths`
])  # fmt: skip
async def test_a_caller_is_led_to_the_outside_party_of_the_key(
    hotline: Hotline, recogniser: Recogniser, keys: list[str], party: str, says: str
) -> None:
    """The number is told, the party answers, both are recorded; no agent is needed."""
    number = f"1385571100{keys[0]}"
    async with SipCaller(hotline.sip, number) as phone:
        call = await phone.call("12328")
        await call.answered.within(5)
        await call.listen(1.0)
        await call.press(keys[0])
        for key in keys[1:]:
            await call.listen(2.5)
            await call.press(key)
        with hotline.api() as api:
            live = await live_call(hotline, api, number, "party")
            assert live["party"] == party
            await asyncio.to_thread(hotline.wait, lambda: _answered(api, live["id"]), 20, "the party answers")
            await call.listen(4.0)
            heard = recogniser.text_of(call.heard(16.0), 8000)
            await ended(call)
            stored = await stored_call(api, live["id"], state="ended", outcome="party", recording=True)
    assert sounds_like(heard, text_of(says)) > 0.25, heard
    course = [entry["kind"] for entry in stored["timeline"] if entry["kind"].startswith("party")]
    assert course == ["party_rung", "party_dialled", "party_answered"]


def _answered(api: httpx.Client, call_id: str) -> bool:
    return any(entry["kind"] == "party_answered" for entry in api.get(f"/api/calls/{call_id}").json().get("timeline", []))


async def test_a_caller_who_presses_0_at_once_waits_for_a_person_at_once_and_the_skipped_notice_is_told(hotline: Hotline) -> None:
    """Keys live from the first sample; the timeline says that the notice was skipped."""
    async with SipCaller(hotline.sip, "13855712000") as phone:
        call = await phone.call("12345")
        await call.answered.within(5)
        await call.listen(0.3)
        await call.press("0")
        with hotline.api() as api:
            live = await live_call(hotline, api, "13855712000", "waiting", 4)
            await ended(call)
            times = await timeline(api, live["id"])
            stored = await stored_call(api, live["id"], state="ended")
    assert times["recording_started"] < 3.0
    skipped = {"complete": False, "menu": "0 人工"}
    assert [entry["facts"] for entry in stored["timeline"] if entry["kind"] == "notice_played"] == [skipped]


@pytest.mark.parametrize("key", ["7", "#"])
async def test_a_caller_who_presses_a_wrong_key_is_told_and_waits_for_a_person(
    hotline: Hotline, recogniser: Recogniser, key: str
) -> None:
    """A slip of the finger costs a sentence, not the call; "#" cuts the notice short like any other key."""
    async with SipCaller(hotline.sip, "13855712001") as phone:
        call = await phone.call("12328")
        await call.answered.within(5)
        await call.listen(0.5)
        await call.press(key)
        with hotline.api() as api:
            live = await live_call(hotline, api, "13855712001", "waiting", 8)
            heard = recogniser.text_of(call.heard(4.0), 8000)
            await ended(call)
            stored = await stored_call(api, live["id"], state="ended")
    wrong = {"complete": False, "menu": f"{key} 按错键"}
    assert live["menu"] == wrong["menu"]
    assert [entry["facts"] for entry in stored["timeline"] if entry["kind"] == "notice_played"] == [wrong]
    assert sounds_like(heard, text_of("wrong-key")) > 0.5, heard


@pytest.fixture
def rescuers_engaged() -> Iterator[Hotline]:
    """A hotline whose water rescue is always engaged, and whose duty telephone never answers."""
    city = DEFAULT_CITY.read_text(encoding="utf-8").replace('["12395"]', '["0999003"]').replace("05573020002", "0999004")
    with running(city) as one:
        yield one


async def test_a_caller_in_danger_whom_the_rescuers_cannot_take_goes_before_all_others(
    rescuers_engaged: Hotline, recogniser: Recogniser
) -> None:
    """9, engaged: a sentence, the head of the queue, marked urgent in the live view; the citizen is never dropped."""
    async with SipCaller(rescuers_engaged.sip, "13855713000") as phone:
        call = await phone.call("12328")
        await call.answered.within(5)
        await call.listen(1.0)
        await call.press("9")
        with rescuers_engaged.api() as api:
            live = await live_call(rescuers_engaged, api, "13855713000", "waiting", 25)
            assert (live["urgent"], live["party"], live["position"]) == (True, "water_rescue", 1)
            await call.listen(3.0)
            heard = recogniser.text_of(call.heard(9.0), 8000)
            assert not call.ended.is_set()
            await ended(call)
            await stored_call(api, live["id"], state="ended", outcome="abandoned")
            listed = api.get("/api/callbacks").json()["callbacks"]
    assert [(row["call_id"], row["kind"]) for row in listed] == [(live["id"], "in_danger")], "nobody has heard this citizen"
    assert sounds_like(heard, text_of("water-number", "water-agent")) > 0.5, heard
