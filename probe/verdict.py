"""What one dial-test means: from the facts of the call and the sound that was heard to a finding; pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from asterisk_conf.probe_account import QUEUE_S, Tones
from hotline_core.domain.dial_tests import OK, DialTest, is_failure
from probe.ear import RATE, find, rms, tone_at
from probe.expected import Expected

PLAYED = 0.75  # likeness; measured: a prompt that was played 0.95 to 1.00, another one 0.45 at most
GREETING_WITHIN_S = 4.0
QUIETEST_DB, LOUDEST_DB = -15.0, 10.0
AUDIBLE = 60.0  # root mean square of half a second; the quietest step of 8-bit sound is 256
TONES = Tones()


@dataclass(frozen=True, slots=True)
class Heard:
    """One call: how far it came, times in seconds from the INVITE; `began_s` is the first sound, `sound` what came from then on."""

    is_registered: bool
    answered_s: float | None
    began_s: float | None
    status: int
    sound: Sequence[int]


def verdict(number: str, line: str, heard: Heard, expected: Expected, at: float, *, agents_expected: bool) -> DialTest:
    """The record of this test; `since` is `at`, see `continued`."""
    finding, facts = _finding(line, heard, expected)
    failed = is_failure(finding, agents_expected)
    return DialTest(number, line, finding, at, at, failed, answer_s=_tidy(heard.answered_s), status=heard.status, **facts)  # type: ignore[arg-type]


def _finding(line: str, heard: Heard, expected: Expected) -> tuple[str, dict[str, object]]:
    if not heard.is_registered:
        return "no_account", {}
    if heard.answered_s is None:
        return ("refused" if heard.status else "not_answered"), {}
    late = (heard.began_s if heard.began_s is not None else heard.answered_s) - heard.answered_s
    first = heard.sound[: round((GREETING_WITHIN_S + len(expected.sounds[expected.greetings[line]]) / RATE) * RATE)]
    match = find(expected.sounds[expected.greetings[line]], first)
    facts: dict[str, object] = {"likeness": _tidy(match.likeness)}
    queue, queued_s = _queue(heard.sound)
    if queued_s is not None:
        facts["queue_s"] = _tidy(late + queued_s)
    if match.likeness < PLAYED:
        return _instead(line, first, expected, facts)
    facts |= {"greeting_s": _tidy(late + match.at_s), "level_db": _tidy(match.level_db)}
    if match.level_db < QUIETEST_DB:
        return "too_quiet", facts
    if match.level_db > LOUDEST_DB:
        return "too_loud", facts
    end = match.at_s + len(expected.sounds[expected.greetings[line]]) / RATE
    for key in expected.rest[line]:
        rest = find(expected.sounds[key], heard.sound[round(end * RATE) :])
        if rest.likeness < PLAYED:
            return "silent", facts | {"heard": key}
        end += rest.at_s + len(expected.sounds[key]) / RATE
    return queue, facts


def _instead(line: str, first: Sequence[int], expected: Expected, facts: dict[str, object]) -> tuple[str, dict[str, object]]:
    """What was heard in place of the greeting."""
    step, greeting = RATE // 2, len(expected.sounds[expected.greetings[line]])
    loud = [rms(first[at : at + step]) >= AUDIBLE for at in range(0, min(greeting, len(first)), step)]
    if sum(loud) <= len(loud) / 2:
        return "silent", facts
    others = {*expected.greetings.values(), *expected.notices.values()} - {expected.greetings[line]}
    likes = {key: find(expected.sounds[key], first).likeness for key in sorted(others)}
    best = max(likes, key=lambda key: likes[key], default="")
    if not best or likes[best] < PLAYED:
        return "wrong_greeting", facts
    finding = "no_bridge" if best == expected.notices[line] else "wrong_greeting"
    return finding, facts | {"heard": best, "likeness": _tidy(likes[best])}


def _queue(sound: Sequence[int]) -> tuple[str, float | None]:
    """What the dialplan's tone tells of the queue, and when the queue was entered."""
    if (at := tone_at(sound, TONES.held)) is not None:
        return OK, max(0.0, at - QUEUE_S)
    if (at := tone_at(sound, TONES.nobody)) is not None:
        return "no_agent", at
    return ("queue_dead" if tone_at(sound, TONES.dead) is not None else "no_queue"), None


def _tidy(value: float | None) -> float | None:
    return None if value is None else round(value, 2)
