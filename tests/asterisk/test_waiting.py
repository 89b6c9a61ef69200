"""Waiting, by real calls: the place is told, long waits overflow, topics are switched live, and danger is left in peace."""

from __future__ import annotations

import re

import pytest

from tests.running.matching import find, prompt
from tests.running.waiting import (
    AGENT_HZ,
    BEGUN_S,
    CHOOSER,
    DANGER,
    FIRST,
    LATE,
    NAMELESS,
    OVERFLOW_S,
    OWN_WORDS,
    SECOND,
    THIRD,
    TOPIC_ENDS_S,
    TOPIC_EVERY_S,
    TOPIC_ON_S,
    Waited,
    half_a_minute,
)
from tests.sip.tones import RATE_HZ, level_of
from tests.speech import Recogniser, sounds_like

pytestmark = pytest.mark.asterisk


@pytest.fixture(scope="module")
def waited() -> Waited:
    """Every test below looks at what these callers heard."""
    return half_a_minute()


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
    for caller in (FIRST, SECOND, THIRD):
        found = find(prompt("topic-example", BEGUN_S), waited.heard[caller])
        assert found.is_played
        assert found.at_s > waited.began_s[FIRST] + TOPIC_ON_S - 3  # the third came 2 s after the first
    for caller in (CHOOSER, NAMELESS, DANGER, LATE):
        assert not find(prompt("topic-example", BEGUN_S), waited.heard[caller]).is_played


def test_a_topic_switched_off_during_the_wait_is_not_begun_again(waited: Waited) -> None:
    """What was playing ends; a refused wish changes nothing."""
    assert waited.topic_refused == 404
    for caller in (SECOND, THIRD):
        heard = waited.heard[caller][round(waited.off_s[caller] * RATE_HZ) :]
        assert len(heard) / RATE_HZ > TOPIC_ENDS_S + TOPIC_EVERY_S + BEGUN_S
        assert not find(prompt("topic-example", BEGUN_S), heard).is_played


def test_a_free_agent_is_rung_at_once_though_a_topic_is_playing(waited: Waited) -> None:
    """The topic is part of the music, which app_queue cuts short, unlike its own announcements."""
    heard = waited.heard[FIRST]
    topic_at_s = find(prompt("topic-example", BEGUN_S), heard).at_s
    step = RATE_HZ // 10
    tone_at_s = next(at for at in range(0, len(heard), step) if level_of(heard[at : at + step], AGENT_HZ) > 4000) / RATE_HZ
    assert topic_at_s < waited.freed_s < tone_at_s
    assert tone_at_s < topic_at_s + TOPIC_ENDS_S, "it was cut short"
    assert tone_at_s - waited.freed_s < 2.5  # app_queue looks once a second


def test_a_caller_who_chose_a_call_back_heard_all_of_it(waited: Waited) -> None:
    """After the second queue the offer, key 1, the city's own words in place of the shipped ones; the hotline ends the call."""
    offer = find(prompt("callback-offer", BEGUN_S), waited.heard[CHOOSER])
    assert offer.is_played
    assert offer.at_s - waited.began_s[CHOOSER] > 2 * OVERFLOW_S - 2
    assert find(prompt(OWN_WORDS), waited.heard[CHOOSER]).is_played
    assert not find(prompt("callback-taken"), waited.heard[CHOOSER]).is_played
    assert not waited.ended_by_us[CHOOSER]


def test_a_caller_who_waited_long_is_moved_to_the_second_queue_then_asked_for_a_call_back(waited: Waited) -> None:
    """And is on the list of those to be called."""
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


def test_an_own_recording_that_callers_could_not_hear_is_told_at_the_start(waited: Waited) -> None:
    """And the hotline starts all the same, with the shipped one."""
    [line] = [line for line in waited.told_at_start.splitlines() if "resume.wav" in line]
    assert "不是 WAV 录音" in line
