"""What a dial-test means: each finding from the sound of a call as it would be heard, and what becomes of a round."""

from __future__ import annotations

from array import array
from dataclasses import replace
from pathlib import Path

import pytest
from pydantic import ValidationError

from asterisk_conf.probe_account import DEMO_NUMBER, Tones, every_minutes, probe_account, probe_caller
from hotline_core.adapters.secrets import Secrets
from hotline_core.city import City
from hotline_core.domain.dial_tests import FINDINGS, DialTest, DialTests, as_json, from_json
from hotline_core.errors import SetupError
from hotline_core.settings import DEFAULT_CITY, load_city
from probe.ear import RATE
from probe.expected import Expected, expected
from probe.rounds import AGAIN_S, FIRST_S, continued, next_round, numbers, wants_another
from probe.verdict import Heard, verdict
from tests.sip.tones import tone

pytestmark = pytest.mark.unit
CITY = load_city(DEFAULT_CITY)
SECRETS = Secrets(ami="a", session="b", sip="0c", log="0d", csrf="e")


@pytest.fixture(scope="module")
def wanted() -> Expected:
    """The shipped recordings."""
    return expected(CITY, Path("/nonexistent"))


def music(seconds: float) -> array[int]:
    """No tone and no speech: three notes at once."""
    notes = tone(330, seconds, 1500) + tone(415, seconds, 1500) + tone(523, seconds, 1500)
    return array("h", notes.tolist())


def told(hz: int) -> array[int]:
    """The dialplan's word of the queue."""
    return array("h", tone(hz, 1.0, 4000).tolist())


def judged(wanted: Expected, sound: array[int], *, agents_expected: bool = False) -> DialTest:
    """The verdict of a call that was answered after 0.2 s and began to sound at once."""
    heard = Heard(True, 0.2, 0.25, 0, sound)
    return verdict("12328", "12328", heard, wanted, 1000.0, agents_expected=agents_expected)


def way_in(wanted: Expected, first: str = "greet-12328", gain: float = 1.0) -> array[int]:
    """Greeting and menu as they were played."""
    sound = wanted.sounds[first] + wanted.sounds["menu-12328"]
    return array("h", [max(-32768, min(32767, round(value * gain))) for value in sound])


def test_a_call_that_hears_all_it_should_and_is_held_by_the_queue_is_well(wanted: Expected) -> None:
    """With the time it took to get there and the level."""
    test = judged(wanted, way_in(wanted) + music(3) + told(Tones().held))
    assert (test.finding, test.failed, test.heard) == ("ok", False, "")
    assert test.answer_s == 0.2
    assert test.greeting_s == pytest.approx(0.05, abs=0.02)
    assert test.queue_s == pytest.approx(7.25, abs=0.15)
    assert test.level_db == pytest.approx(0, abs=0.1)


@pytest.mark.parametrize(("hz", "finding", "expects", "failed"), [
    (Tones().nobody, "no_agent", False, False), (Tones().nobody, "no_agent", True, True),
    (Tones().dead, "queue_dead", False, True), (2500, "no_queue", False, True),
])  # fmt: skip
def test_what_the_queue_did_is_told_by_its_tone(wanted: Expected, hz: int, finding: str, expects: bool, failed: bool) -> None:
    """Nobody to ring is a failure only where the city says so; a tone of nobody's is none."""
    test = judged(wanted, way_in(wanted) + told(hz), agents_expected=expects)
    assert (test.finding, test.failed) == (finding, failed)


def test_each_sound_in_place_of_the_greeting_has_its_name(wanted: Expected) -> None:
    """Nothing, the other line's greeting, the notice of a hotline without its bridge, something else altogether."""
    end = wanted.sounds["menu-12328"] + music(3) + told(Tones().held)
    silence = array("h", [0] * len(wanted.sounds["greet-12328"]))
    told_of = {
        "silence": judged(wanted, silence + end),
        "nothing at all": judged(wanted, array("h")),
        "the other line": judged(wanted, wanted.sounds["greet-12345"] + end),
        "no bridge": judged(wanted, wanted.sounds["notice-12328"] + music(3) + told(Tones().held)),
        "music": judged(wanted, music(12)),
    }
    assert {name: (test.finding, test.heard, test.failed) for name, test in told_of.items()} == {
        "silence": ("silent", "", True), "nothing at all": ("silent", "", True),
        "the other line": ("wrong_greeting", "greet-12345", True), "no bridge": ("no_bridge", "notice-12328", True),
        "music": ("wrong_greeting", "", True),
    }  # fmt: skip


def test_a_menu_that_is_not_heard_behind_the_greeting_is_named(wanted: Expected) -> None:
    """The greeting is well, the queue too."""
    test = judged(wanted, wanted.sounds["greet-12328"] + array("h", [0] * 4 * RATE) + music(3) + told(Tones().held))
    assert (test.finding, test.heard) == ("silent", "menu-12328")


def test_a_line_that_is_far_too_quiet_or_too_loud_is_told(wanted: Expected) -> None:
    """20 dB less; 12 dB more, where a quiet recording leaves the room."""
    assert judged(wanted, way_in(wanted, gain=0.1) + music(3) + told(Tones().held)).finding == "too_quiet"
    quiet = {key: array("h", [value // 8 for value in sound]) for key, sound in wanted.sounds.items()}
    assert judged(replace(wanted, sounds=quiet), way_in(wanted) + music(3) + told(Tones().held)).finding == "too_loud"


def test_a_call_that_never_came_to_sound_is_told_by_how_far_it_came(wanted: Expected) -> None:
    """No registration says nothing of the line and is no alarm."""
    calls = [Heard(registered, None, None, status, array("h")) for registered, status in ((False, 0), (True, 0), (True, 503))]
    found = [verdict("12328", "12328", call, wanted, 1.0, agents_expected=True) for call in calls]
    assert [(test.finding, test.failed, test.status) for test in found] == [
        ("no_account", False, 0), ("not_answered", True, 0), ("refused", True, 503)
    ]  # fmt: skip


def a_test(finding: str = "ok", number: str = "12328", at: float = 100.0) -> DialTest:
    return DialTest(number, "12328", finding, at, at, FINDINGS[finding] == "line")


def test_a_number_in_trouble_is_rung_three_times_before_anybody_is_alarmed_and_soon_again_after() -> None:
    """A remark is none; what is well is rung once and then after the city's time."""
    assert [wants_another(a_test("not_answered"), tries) for tries in (1, 2, 3)] == [True, True, False]
    assert wants_another(a_test("not_run"), 1)
    assert not wants_another(a_test("no_agent"), 1)
    well, ill = DialTests(5000.0, 1800.0, (a_test(),)), DialTests(5000.0, 1800.0, (a_test(), a_test("silent", "12345")))
    assert next_round(None, 1800.0, 5000.0) == 5000.0 + FIRST_S
    assert next_round(well, 1800.0, 5000.0) == 6800.0
    assert next_round(ill, 1800.0, 5000.0) == 5000.0 + AGAIN_S


def test_since_when_a_number_is_in_trouble_is_kept_over_rounds() -> None:
    """Another kind of trouble is the same trouble; a number that came back begins anew."""
    first = DialTests(100.0, 60.0, continued([a_test("silent"), a_test("ok", "12345")], None))
    second = DialTests(200.0, 60.0, continued([a_test("refused", at=200.0), a_test("silent", "12345", 200.0)], first))
    assert [(test.finding, test.since) for test in second.tests] == [("refused", 100.0), ("silent", 200.0)]
    third = continued([a_test("ok", at=300.0)], second)
    assert third[0].since == 300.0


def test_results_are_stored_and_read_as_they_were_and_nothing_else_is_taken_for_them() -> None:
    """A file of another version, or of nobody."""
    tests = DialTests(200.0, 60.0, (replace(a_test("silent"), level_db=-1.5, heard="menu-12328"),))
    assert from_json(as_json(tests)) == tests
    for odd in ({}, {"at": 1, "every_s": 2, "tests": [{"number": 1}]}, {"at": 1, "every_s": 2, "tests": ["x"]}):
        with pytest.raises(ValueError, match="no dial test"):
            from_json(odd)
    assert tests.is_stale(200.0 + 2 * 60 + 601)
    assert not tests.is_stale(200.0 + 2 * 60 + 599)


def city_with(probe: dict[str, object] | None) -> City:
    """The default city with this section."""
    return City.model_validate({**CITY.model_dump(by_alias=True), "probe": probe})


def test_every_number_in_service_is_rung_and_only_where_the_city_wants_it(tmp_path: Path) -> None:
    """In demo mode by the demo carrier's account; in service by the city's, or not at all."""
    assert numbers(CITY) == [("12328", "12328"), ("055712328", "12328"), ("12345", "12345"), ("055712345", "12345")]
    assert probe_caller(CITY, True) == DEMO_NUMBER
    assert probe_caller(CITY, False) == ""
    off = city_with({"every_minutes": 0})
    assert probe_caller(off, True) == ""
    with pytest.raises(SetupError, match="no_probe_account"):
        probe_account(CITY, SECRETS, tmp_path, None)
    outside = city_with({"account": {"host": "192.0.2.20", "user": "8001", "secret_file": "probe.secret"}, "number": "05573020099"})
    (tmp_path / "probe.secret").write_text("s3cret\n", encoding="ascii")
    (tmp_path / "probe.secret").chmod(0o600)
    account = probe_account(outside, SECRETS, tmp_path, None)
    assert (account.host, account.port, account.user, account.password) == ("192.0.2.20", 5060, "8001", "s3cret")
    assert (every_minutes(outside), every_minutes(off), every_minutes(CITY)) == (30, 0, 30)
    assert "s3cret" not in repr(account)
    assert probe_caller(outside, False) == "05573020099"
    demo = probe_account(CITY, SECRETS, tmp_path, 5061)
    assert (demo.host, demo.port, demo.user) == ("127.0.0.1", 5061, "probe")


@pytest.mark.parametrize("probe", [{"number": "05573020099"}, {"account": {"host": "h", "user": "u", "secret_file": "s"}}])
def test_half_a_probe_is_a_mistake(probe: dict[str, object]) -> None:
    """A number without an account would keep a citizen from the agents; an account without a number would ring them."""
    with pytest.raises(ValidationError, match="belong together"):
        city_with(probe)


def test_a_probe_with_a_number_of_ours_is_a_mistake() -> None:
    """It would be a call to itself."""
    with pytest.raises(ValidationError, match="probe number"):
        city_with({"account": {"host": "h", "user": "u", "secret_file": "s"}, "number": "055712345"})
