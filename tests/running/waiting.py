"""Seven callers who wait for half a minute, each for another reason: what each heard, and what became of the calls."""

from __future__ import annotations

import asyncio
import re
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from hotline_core.settings import DEFAULT_CITY
from ivr.catalogue import RECORDINGS_FOLDER
from tests.running.facts import stored_call
from tests.running.instance import Hotline
from tests.running.matching import find, prompt
from tests.sip.agent import SipCaller
from tests.sip.call import Call
from tests.sip.tones import RATE_HZ, Samples, tone

OVERFLOW_S = 10
TOPIC_ON_S = 5.0  # after the first caller came: all are waiting
TOPIC_EVERY_S, TOPIC_ENDS_S = 5, 5.6  # the pause of this city, and the length of the topic
LIMIT_S, LOOK_S = 60.0, 0.3  # the longest anything is waited for
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
    told_at_start: str = ""
    freed_s: float = 0.0  # when the agent came free, in what the first caller heard
    off_s: dict[str, float] = field(default_factory=dict)  # when the topic was switched off, in what each heard
    topic_refused: int = 0

    def after(self, caller: str, first_s: float, last_s: float) -> Samples:
        """What a caller heard between two moments of the wait."""
        start = self.began_s[caller]
        return self.heard[caller][round((start + first_s) * RATE_HZ) : round((start + last_s) * RATE_HZ)]


def half_a_minute(*, is_bridge_away: bool = False) -> Waited:
    """One hotline, seven callers; with `is_bridge_away` the bridge is stopped once they all wait, and comes back at the end."""
    city = DEFAULT_CITY.read_text(encoding="utf-8")
    for old, new in (
        ("overflow_s: 180", f"overflow_s: {OVERFLOW_S}"), ("topic_s: 90", f"topic_s: {TOPIC_EVERY_S}"),
        ("announce_s: 60", "announce_s: 30"),
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
        waited = asyncio.run(_calls(hotline, is_bridge_away=is_bridge_away))
        waited.told_at_start = (hotline.home / "launcher.out").read_text(encoding="utf-8")
        return waited
    finally:
        hotline.close()


def _with_an_average_wait_of(minutes: int, hotline: Hotline) -> None:
    """What hours of traffic would teach app_queue, told to the dialplan: the step that computes the minutes becomes a figure."""
    steps = hotline.asterisk("dialplan show spoken")
    found = re.search(r"(\d+)\. Set\(MINUTES=\$\{MATH", steps)
    assert found, steps
    hotline.asterisk(f"dialplan add extension s,{found[1]},Set(MINUTES={minutes}) into spoken replace")


async def _calls(hotline: Hotline, *, is_bridge_away: bool) -> Waited:
    """What happens next is decided by what is heard, so that a busy machine only takes longer."""
    waited = Waited()
    calls: dict[str, Call] = {}
    over = asyncio.Event()

    async def wait(line: str, number: str, at_s: float) -> None:
        await asyncio.sleep(at_s)
        async with _caller(hotline, line, number, "9" if number == DANGER else "0") as call:
            waited.began_s[number] = len(call.heard()) / RATE_HZ
            calls[number] = call
            await over.wait()
            waited.heard[number] = call.heard()
            waited.ended_by_us[number] = not call.ended.is_set()

    async def hears(number: str, wanted: Samples) -> bool:
        """Once it has been played to this caller, within LIMIT_S."""
        for _ in range(round(LIMIT_S / LOOK_S)):
            if number in calls and find(wanted, calls[number].heard(len(wanted) / RATE_HZ + 1.5)).is_played:
                return True
            await asyncio.sleep(LOOK_S)
        return False

    async def choose() -> None:
        await hears(CHOOSER, prompt("callback-offer", BEGUN_S))
        await calls[CHOOSER].press("1")
        await hears(CHOOSER, prompt(OWN_WORDS))
        await asyncio.sleep(1.0)  # the hotline hangs up

    async def lead() -> None:
        with hotline.api() as api:

            async def topic(**wanted: object) -> int:
                return int((await asyncio.to_thread(api.put, "/api/topics/12345", json=wanted)).status_code)

            await asyncio.sleep(TOPIC_ON_S)
            assert await topic(recording="大雾停运", on=True) == 200
            if is_bridge_away:
                await asyncio.to_thread(hotline.stop, "bridge")
            await hears(FIRST, prompt("topic-example", BEGUN_S))
            await asyncio.to_thread(hotline.asterisk, "devstate change Custom:agent NOT_INUSE")
            waited.freed_s = len(calls[FIRST].heard()) / RATE_HZ
            await hears(FIRST, tone(AGENT_HZ, 0.5))
            await asyncio.to_thread(hotline.asterisk, "devstate change Custom:agent INUSE")
            await hears(THIRD, prompt("topic-example", BEGUN_S))
            assert await topic(on=False) == 200
            waited.off_s = {number: len(calls[number].heard()) / RATE_HZ for number in (SECOND, THIRD)}
            waited.topic_refused = await topic(recording="none", on=True)
            await asyncio.sleep(TOPIC_ENDS_S + TOPIC_EVERY_S + BEGUN_S + 1.0)  # it would have begun again

    async def everything() -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(lead())
            group.create_task(choose())
            group.create_task(hears(LATE, prompt("party-unit")))
        await asyncio.sleep(3.0)  # who hides the number would have been asked by now
        waited.queues = await asyncio.to_thread(hotline.asterisk, "queue show")
        over.set()

    async with asyncio.TaskGroup() as group:
        for line, number, at_s in (
            ("12345", FIRST, 0.0), ("12345", SECOND, 1.0), ("12345", THIRD, 2.0), ("12328", CHOOSER, 0.5), ("12328", NAMELESS, 1.5),
            ("12328", DANGER, 2.5), ("12300", LATE, 3.0),
        ):  # fmt: skip
            group.create_task(wait(line, number, at_s))
        group.create_task(everything())
    if is_bridge_away:
        await asyncio.to_thread(hotline.start_again, "bridge")
        await asyncio.to_thread(hotline.wait, hotline.is_ready, 20, "the bridge is back")
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
