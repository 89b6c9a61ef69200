"""What the telephony benchmarks compute: slopes, the peers' dialplans, the ear for a prompt, rows of their rounds."""

from __future__ import annotations

import wave
from pathlib import Path

import numpy as np
import pytest

from ivr.catalogue import RECORDINGS_FOLDER
from ivr.menu import MENUS_FOLDER, Ask, load_menus
from tests.bench import memory, menu, talks
from tests.bench.menu_callers import NEXT_PROMPT, Round
from tests.bench.plain_dialplan import bare_dialplan, menus_in_dialplan
from tests.bench.prompt_ear import PromptEar
from tests.bench.slope import after_warming, slope
from tests.bench.talk_pairs import Talked
from tests.sip import g711
from tests.sip.rtp import FRAME, Heard

pytestmark = pytest.mark.unit

EXTENSIONS = Path(__file__).resolve().parents[2] / "asterisk_conf/templates/pbx/extensions.conf.j2"


def heard(samples: np.ndarray, *, at_s: float = 100.0, lost: int | None = None) -> list[Heard]:
    """The packets of a prompt as a caller gets them in A-law, the first one at `at_s`; one may be lost."""
    frames = g711.decode(g711.encode(samples.astype(np.int16)))[: len(samples) // FRAME * FRAME].reshape(-1, FRAME)
    packets = [
        Heard(place * FRAME, at_s + 0.02 * place, (65_530 + place) % 65_536, place * FRAME, 1, frame)
        for place, frame in enumerate(frames)
    ]
    return [packet for place, packet in enumerate(packets) if place != lost]


def prompt() -> np.ndarray:
    """The samples of the prompt that the benchmark listens for."""
    with wave.open(str(RECORDINGS_FOLDER / f"{NEXT_PROMPT}.wav")) as sound:
        return np.frombuffer(sound.readframes(sound.getnframes()), dtype="<i2")


def test_a_slope_is_that_of_most_samples_whatever_a_few_of_them_do() -> None:
    """Two megabytes an hour, and a tenth of the samples a hundred megabytes off."""
    hours = [place / 100 for place in range(100)]
    held = [40 + 2 * at + (100 if place % 10 == 0 else 0) for place, at in enumerate(hours)]
    assert slope(hours, held) == pytest.approx(2, abs=0.2)
    assert after_warming(hours, 0.25) == 25


def test_a_slope_needs_two_moments() -> None:
    """Else there is none, and it says so."""
    with pytest.raises(ValueError, match="two moments"):
        slope([1.0, 1.0], [3.0, 4.0])


def test_the_peers_menu_asks_the_same_prompts_keys_and_waits_as_the_hotlines_own() -> None:
    """Generated from the same file; every node is an extension, every key a way."""
    menus = load_menus(MENUS_FOLDER)
    text = bare_dialplan(list(menus.values()), Path("/prompts"), Path("/spool"))
    welcome = menus["12328"].nodes["welcome"]
    assert isinstance(welcome, Ask)
    assert f"Read(KEY,/prompts/greet-12328&/prompts/menu-12328,1,t,1,{welcome.wait_s:g})" in text
    assert all(f'GotoIf($["${{KEY}}" = "{key}"]?{target},1)' in text for key, target in welcome.keys.items())
    assert all(f"exten => {name},1," in text for name in menus["12345"].nodes)


def test_the_hotlines_own_dialplan_still_gives_callers_to_the_bridge_where_the_benchmark_takes_them() -> None:
    """Else the peer would measure something else: it refuses to be made."""
    text = EXTENSIONS.read_text(encoding="utf-8")
    led = menus_in_dialplan(text, list(load_menus(MENUS_FOLDER).values()), Path("/prompts"))
    assert "agi:async" not in led
    assert " same => n,Goto(menu-${LINE},welcome,1)\n" in led
    with pytest.raises(ValueError, match="no longer gives callers"):
        menus_in_dialplan(led, [], Path("/prompts"))


def test_the_ear_tells_when_the_first_sample_of_a_prompt_came() -> None:
    """Not when it got loud; nothing is heard in silence, and a lost packet is told."""
    ear = PromptEar(RECORDINGS_FOLDER / f"{NEXT_PROMPT}.wav")
    found = ear.hears(heard(prompt()), 0)
    assert found is not None
    assert (found.arrived_s, found.is_torn) == (100.0, False)
    assert ear.hears(heard(np.zeros(16_000)), 0) is None
    torn = ear.hears(heard(np.concatenate([np.zeros(1600), prompt()]), lost=12), 0)
    assert torn is not None
    assert torn.is_torn


def test_rounds_become_ratios_and_a_missed_budget_tells_where_the_time_goes() -> None:
    """Half as many calls a core as the same dialplan: missed, with the layers; nine tenths: kept, without."""

    def of(calls: int, *cpu_s: float, failures: tuple[str, ...] = ()) -> Round:
        return Round(10.0, calls, list(failures), [20.0, 21.0], cpu_s)

    slow = [(of(100, 0.4, 0.1), of(200, 0.4), of(200, 0.2), of(200, 0.5))]
    missed = menu.result(slow, slow)
    assert {row.what for row in missed.missed()} == {"calls of a crowd", "calls for a second of Asterisk's processor time"}
    assert "0.50  + AMI switched on" in missed.profile
    assert "1.50  + AMI read" in missed.profile
    fine = [(of(180, 0.4, 0.1), of(190, 0.4), of(200, 0.2), of(190, 0.4))]
    assert menu.result(fine, fine).profile == ""
    lost = [(of(98, 0.4, 0.1, failures=("no answer", "no answer")), *fine[0][1:])]
    told = menu.result(fine, lost)
    assert "Failed calls of “ours”, of 280: 2 with no answer." in told.notes
    assert not any("bare" in note for note in told.notes if note.startswith("Failed"))


def test_memory_becomes_a_slope_for_each_part_and_a_short_run_has_no_budget() -> None:
    """One megabyte an hour in each of the parts, after a leap while warming up."""

    def samples(hours: float) -> memory.Samples:
        times = [place * hours / 50 for place in range(51)]
        return [(at, dict.fromkeys(memory.PARTS, (20 if place < 5 else 30) + at)) for place, at in enumerate(times)]

    whole = memory.result(samples(1.0), 1000, 200, [])
    grown = {row.what: row.measured("ours") for row in whole.rows}
    assert grown["bridge grows"] == pytest.approx(1)
    assert grown["all parts grow"] == pytest.approx(len(memory.PARTS))
    assert grown["all parts grow for each call"] == pytest.approx(len(memory.PARTS) * 1024 / 1200)
    assert whole.missed() == []
    assert [row.what for row in memory.result(samples(0.05), 50, 10, ["late"]).missed()] == ["calls that went wrong"]


def test_talks_become_shares_of_a_core_for_one_talk() -> None:
    """Eight talks of ten seconds, 0.4 s of Asterisk's time: half a per cent each; twice what the peer takes."""

    def of(cpu_s: float) -> Talked:
        return Talked(8, 10.0, cpu_s, [10.0, 12.0], 8000, 7992, 40.0)

    told = {row.what: row for row in talks.result([(of(0.4), of(0.2), of(0.1))]).rows}
    one = told["Asterisk's processor time for one talk"]
    assert one.measured("ours") == pytest.approx(0.5)
    assert one.measured("ratio") == pytest.approx(2)
    assert told["packets lost"].measured("ours") == pytest.approx(0.1)
