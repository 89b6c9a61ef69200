"""Waiting, by real calls: the place is told, long waits overflow, topics are switched live, and danger is left in peace."""

from __future__ import annotations

import asyncio
import re
import shutil
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest

from hotline_core.settings import DEFAULT_CITY
from ivr.catalogue import RECORDINGS_FOLDER
from tests.running.facts import stored_call
from tests.running.instance import Hotline
from tests.running.matching import find, prompt
from tests.sip.agent import SipCaller
from tests.sip.call import Call
from tests.sip.tones import RATE_HZ, Samples, level_of
from tests.speech import Recogniser, sounds_like

pytestmark = pytest.mark.asterisk

OVERFLOW_S = 13
TOPIC_ON_S, FREED_S, TOPIC_OFF_S, OVER_S = 4.0, 14.0, 18.0, 36.0  # after the first caller of 12345 began to wait
BEGUN_S = 2.0  # of a recording that something else may cut short
OWN_WORDS = "number-unknown"  # what this city says in place of callback-taken
AGENT_HZ = 1300  # the carrier's trial number 0999002 answers with this tone
DANGER, CHOOSER, NAMELESS, LATE = "13855720001", "13855720002", "anonymous", "13855720003"
FIRST, SECOND, THIRD = "13855720011", "13855720012", "13855720013"


@dataclass
class Waited:
    """What became of each caller: sound from the answer on, the moment the wait began, and how it ended."""

    heard: dict[str, Samples] = field(default_factory=dict)
    began_s: dict[str, float] = field(default_factory=dict)
    ended_by_us: dict[str, bool] = field(default_factory=dict)
    stored: dict[str, dict[str, Any]] = field(default_factory=dict)
    queues: str = ""
    topic_refused: int = 0

    def after(self, caller: str, first_s: float, last_s: float) -> Samples:
        """What a caller heard between two moments of the wait."""
        start = self.began_s[caller]
        return self.heard[caller][round((start + first_s) * RATE_HZ) : round((start + last_s) * RATE_HZ)]


@pytest.fixture(scope="module")
def waited() -> Iterator[Waited]:
    """One hotline, seven callers, half a minute: every test below looks at what these heard."""
    city = DEFAULT_CITY.read_text(encoding="utf-8")
    for old, new in (
        ("overflow_s: 180", f"overflow_s: {OVERFLOW_S}"), ("topic_s: 90", "topic_s: 5"), ("announce_s: 60", "announce_s: 30"),
        ('["12395"]', '["0999003"]'),  # the rescuers are engaged
        ("  hotline: {name: 综合坐席}", "  hotline: {name: 综合坐席, overflow_to: second}"),
        ("  second: {name: 二线坐席}",
         "  second: {name: 二线坐席}\n  third: {name: 夜班, overflow_to: duty}\n  fourth: {name: 政务, overflow_to: fourth}"),
        ("    notice: notice-12345", "    notice: notice-12345\n    queue: fourth"),
        ("lines: ", 'lines: \n  "12300":\n    name: 夜间线\n    numbers: ["12300"]\n    notice: notice-short\n    queue: third\n#'),
    ):  # fmt: skip
        assert old in city
        city = city.replace(old, new, 1)
    hotline = Hotline(city)
    (hotline.home / "prompts").mkdir()
    shutil.copy(RECORDINGS_FOLDER / f"{OWN_WORDS}.wav", hotline.home / "prompts/callback-taken.wav")
    (hotline.home / "prompts/resume.wav").write_bytes(b"no sound at all")
    (hotline.home / "announcements").mkdir()
    shutil.copy(RECORDINGS_FOLDER / "topic-example.wav", hotline.home / "announcements/大雾停运.wav")
    hotline.start()
    try:
        for queue, state in (("hotline", "busy"), ("second", "busy"), ("third", "busy"), ("fourth", "agent")):
            hotline.asterisk(f"devstate change Custom:{state} INUSE")
            member = f"PJSIP/0999002@trunk-demo to {queue} penalty 0 as trial state_interface Custom:{state}"
            hotline.asterisk(f"queue add member {member}")
        _with_an_average_wait_of(5, hotline)
        yield asyncio.run(_calls(hotline))
    finally:
        hotline.close()


def _with_an_average_wait_of(minutes: int, hotline: Hotline) -> None:
    """What hours of traffic would teach app_queue, told to the dialplan: the step that computes the minutes becomes a figure."""
    steps = hotline.asterisk("dialplan show spoken")
    found = re.search(r"(\d+)\. Set\(MINUTES=\$\{MATH", steps)
    assert found, steps
    hotline.asterisk(f"dialplan add extension s,{found[1]},Set(MINUTES={minutes}) into spoken replace")


async def _calls(hotline: Hotline) -> Waited:
    waited = Waited()
    begins = time.monotonic()

    async def until(at_s: float) -> None:
        await asyncio.sleep(max(0.0, begins + at_s - time.monotonic()))

    async def topic(api: Any, **wanted: object) -> int:
        return int((await asyncio.to_thread(api.put, "/api/topics/12345", json=wanted)).status_code)

    async def wait(line: str, number: str, at_s: float) -> None:
        await until(at_s)
        async with _caller(hotline, line, number, "9" if number == DANGER else "0") as call:
            waited.began_s[number] = len(call.heard()) / RATE_HZ
            if number == CHOOSER:
                await until(at_s + 2 * OVERFLOW_S + 4)
                await call.press("1")
            await until(OVER_S)
            waited.heard[number] = call.heard()
            waited.ended_by_us[number] = not call.ended.is_set()

    async def supervise() -> None:
        with hotline.api() as api:
            await until(TOPIC_ON_S)
            assert await topic(api, recording="大雾停运", on=True) == 200
            await until(FREED_S)
            await asyncio.to_thread(hotline.asterisk, "devstate change Custom:agent NOT_INUSE")
            await asyncio.sleep(2.0)
            await asyncio.to_thread(hotline.asterisk, "devstate change Custom:agent INUSE")
            await until(TOPIC_OFF_S)
            assert await topic(api, on=False) == 200
            waited.topic_refused = await topic(api, recording="none", on=True)
            await until(OVER_S - 1)
            waited.queues = await asyncio.to_thread(hotline.asterisk, "queue show")

    await asyncio.gather(
        wait("12345", FIRST, 0.0), wait("12345", SECOND, 1.0), wait("12345", THIRD, 2.0), wait("12328", CHOOSER, 0.5),
        wait("12328", NAMELESS, 1.5), wait("12328", DANGER, 2.5), wait("12300", LATE, 3.0), supervise(),
    )  # fmt: skip
    with hotline.api() as api:
        for number in (CHOOSER, LATE, DANGER):
            [row] = (await asyncio.to_thread(api.get, "/api/calls", params={"caller": number})).json()["calls"]
            waited.stored[number] = await stored_call(api, row["call_id"], state="ended")
    return waited


@asynccontextmanager
async def _caller(hotline: Hotline, line: str, number: str, key: str) -> AsyncIterator[Call]:
    """A caller who presses a key at once and hangs up in the end, unless the hotline did."""
    async with SipCaller(hotline.sip, number) as phone:
        call = await phone.call(line)
        await call.answered.within(5)
        if line != "12300":  # a line without a menu
            await call.listen(0.5)
            await call.press(key)
        yield call
        if not call.ended.is_set():
            await call.hang_up()


def test_a_caller_hears_the_place_in_the_queue_and_the_average_wait(waited: Waited, recogniser: Recogniser) -> None:
    """app_queue says it, and a listener understands it."""
    for caller, place in ((SECOND, "position-2"), (THIRD, "position-3")):
        found = [find(prompt(key), waited.after(caller, -0.5, 9)) for key in (place, "wait-5", "queue-thankyou")]
        assert all(each.is_played for each in found), (caller, found)
        assert found[0].at_s < found[1].at_s < found[2].at_s
    first = round((find(prompt("position-2"), waited.heard[SECOND]).at_s - 0.1) * RATE_HZ)
    heard = recogniser.text_of(waited.heard[SECOND][first : first + 6 * RATE_HZ], RATE_HZ)
    assert sounds_like(heard, "您现在排在第二位。平均等候约五分钟。感谢您的耐心等候。") > 0.8, heard


def test_the_next_caller_in_the_queue_hears_that_and_no_number(waited: Waited) -> None:
    """"You are the next one", without an average that does not concern them."""
    assert find(prompt("queue-youarenext"), waited.after(FIRST, -0.5, 9)).is_played
    assert not find(prompt("wait-5"), waited.after(FIRST, -0.5, 9)).is_played


def test_a_topic_switched_on_during_the_wait_is_heard_on_its_line_alone(waited: Waited) -> None:
    """R14: no restart, no reload; callers of the other line hear music."""
    for caller in (SECOND, THIRD):
        assert find(prompt("topic-example", BEGUN_S), waited.after(caller, TOPIC_ON_S, 24)).is_played
    for caller in (CHOOSER, NAMELESS, DANGER, LATE):
        assert not find(prompt("topic-example", BEGUN_S), waited.heard[caller]).is_played


def test_a_topic_switched_off_during_the_wait_is_not_begun_again(waited: Waited) -> None:
    """What was playing ends; a refused wish changes nothing."""
    assert waited.topic_refused == 404
    for caller in (SECOND, THIRD):
        assert not find(prompt("topic-example", BEGUN_S), waited.after(caller, TOPIC_OFF_S + 1.5, OVER_S - 4)).is_played


def test_a_free_agent_is_rung_at_once_though_a_topic_is_playing(waited: Waited) -> None:
    """The topic is part of the music, which app_queue cuts short, unlike its own announcements."""
    heard = waited.after(FIRST, 0, FREED_S + 4)
    topic_at_s = find(prompt("topic-example", 2.0), heard).at_s
    step = RATE_HZ // 10
    tone_at_s = next(at for at in range(0, len(heard), step) if level_of(heard[at : at + step], AGENT_HZ) > 4000) / RATE_HZ
    assert topic_at_s < FREED_S < topic_at_s + len(prompt("topic-example")) / RATE_HZ, "the agent came while it was playing"
    assert tone_at_s < FREED_S + 2.0  # app_queue looks once a second


def test_a_caller_who_waited_long_is_moved_to_the_second_queue_then_asked_for_a_call_back(waited: Waited) -> None:
    """Key 1: the city's own words in place of the shipped ones, and the hotline ends the call."""
    offer = find(prompt("callback-offer", BEGUN_S), waited.heard[CHOOSER])
    assert offer.is_played
    assert offer.at_s - waited.began_s[CHOOSER] > 2 * OVERFLOW_S - 2
    assert find(prompt(OWN_WORDS), waited.heard[CHOOSER]).is_played
    assert not find(prompt("callback-taken"), waited.heard[CHOOSER]).is_played
    assert not waited.ended_by_us[CHOOSER]
    stored = waited.stored[CHOOSER]
    entered = [entry["facts"]["queue"] for entry in stored["timeline"] if entry["kind"] == "queue_entered"]
    assert (stored["outcome"], stored["ended_by"], entered) == ("callback", "system", ["hotline", "second"])


def test_a_caller_who_hides_the_number_is_not_asked_for_a_call_back_and_waits_on(waited: Waited) -> None:
    """Nobody could call back."""
    assert not find(prompt("callback-offer", BEGUN_S), waited.heard[NAMELESS]).is_played
    assert waited.ended_by_us[NAMELESS]


def test_a_caller_who_waited_long_reaches_the_duty_telephone_where_the_queue_says_so(waited: Waited) -> None:
    """Its agents are busy, not away."""
    assert find(prompt("duty-transfer"), waited.heard[LATE]).is_played
    assert find(prompt("party-unit"), waited.heard[LATE]).is_played
    assert waited.stored[LATE]["outcome"] == "duty"


def test_a_caller_in_danger_is_neither_moved_nor_asked_nor_told_anything(waited: Waited) -> None:
    """The head of the queue, music, and the first free agent."""
    for key in ("callback-offer", "duty-transfer", "queue-youarenext", "queue-thankyou", "topic-example"):
        assert not find(prompt(key, BEGUN_S), waited.heard[DANGER]).is_played, key
    hotline = re.search(r"^hotline has (\d+) calls.*?^$", waited.queues, re.MULTILINE | re.DOTALL)
    assert hotline, waited.queues
    assert hotline[1] == "1"
    assert "prio: 100" in hotline[0]
