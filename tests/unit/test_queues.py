"""The city's queues: which line feeds which, and what Asterisk is told of it."""

from __future__ import annotations

import configparser
from pathlib import Path

import pytest

from asterisk_conf.render import render_pbx
from hotline_core.adapters.ports import Ports
from hotline_core.adapters.secrets import load_or_make
from hotline_core.city import City
from hotline_core.settings import DEFAULT_CITY, Settings, load_city
from launcher.check_config import city_mistakes
from launcher.programs import Programs

pytestmark = pytest.mark.unit

TEXT = DEFAULT_CITY.read_text(encoding="utf-8")
WAYS = "（可写：callback, duty, hotline, second）"
SPLIT = TEXT.replace("notice: notice-12345", "notice: notice-12345\n    queue: second")


def city_of(text: str, folder: Path) -> City:
    path = folder / "city.yaml"
    path.write_text(text, encoding="utf-8")
    return load_city(path)


def rendered(city: City, home: Path, name: str) -> str:
    settings = Settings(home=home, demo=True)
    programs = Programs(home / "rootfs")
    (home / "rootfs/usr/share/asterisk/moh").mkdir(parents=True, exist_ok=True)
    render_pbx(settings, city, load_or_make(settings.paths.secrets), Ports(asterisk_http=1, carrier_sip=2), programs)
    return (settings.paths.asterisk / "etc" / name).read_text(encoding="utf-8")


def test_callers_of_both_lines_wait_in_one_queue_by_default() -> None:
    """R2: two numbers, one pool of agents."""
    city = load_city(DEFAULT_CITY)
    assert [city.queue_of(line) for line in city.lines] == ["hotline", "hotline"]


def test_a_city_of_before_there_were_several_queues_keeps_its_one(tmp_path: Path) -> None:
    """A file without `queues` means the queue `hotline`."""
    city = city_of("name: x\nlines:\n  '12328': {name: a, numbers: ['12328'], notice: n}\n", tmp_path)
    assert (list(city.queues), city.queue_of("12328")) == (["hotline"], "hotline")


def test_callers_of_a_line_with_a_queue_of_its_own_wait_there(tmp_path: Path) -> None:
    """Asterisk has every queue, with the same manners, and the dialplan knows each line's."""
    city = city_of(SPLIT, tmp_path)
    queues = configparser.RawConfigParser()
    queues.read_string(rendered(city, tmp_path, "queues.conf"))
    assert queues.sections() == ["general", "hotline", "second"]
    assert dict(queues["hotline"]) == dict(queues["second"])
    dialplan = rendered(city, tmp_path, "extensions.conf")
    assert "QUEUE_OF_12328 = hotline\n" in dialplan
    assert "QUEUE_OF_12345 = second\n" in dialplan


def test_a_line_of_an_unknown_queue_is_told_with_its_line(tmp_path: Path) -> None:
    """A misspelt queue would leave callers without agents."""
    path = tmp_path / "city.yaml"
    path.write_text(SPLIT.replace("queue: second", "queue: secnd"), encoding="utf-8")
    [found] = city_mistakes(path)
    assert found.line == 1 + path.read_text(encoding="utf-8").split("\n").index("    queue: secnd")
    assert found.what == "lines.12345.queue 的队列 secnd 不在 queues 中（已有：hotline, second）"


def test_a_queue_with_the_name_of_a_section_is_refused(tmp_path: Path) -> None:
    """[general] of queues.conf is no queue."""
    path = tmp_path / "city.yaml"
    path.write_text(TEXT.replace("  second:", "  general:"), encoding="utf-8")
    assert [mistake.what for mistake in city_mistakes(path)] == ["queues.general 不能作队列的名称"]


def test_a_queue_overflows_where_it_says_else_where_all_do_and_never_into_itself(tmp_path: Path) -> None:
    """`queue.overflow_to` is the rule, `queues.*.overflow_to` the exception."""
    city = city_of(TEXT.replace("name: 综合坐席}", "name: 综合坐席, overflow_to: second}"), tmp_path)
    assert (city.overflow_of("hotline"), city.overflow_of("second")) == ("second", "callback")
    city = city_of(TEXT.replace("overflow_to: callback", "overflow_to: second"), tmp_path)
    assert (city.overflow_of("hotline"), city.overflow_of("second")) == ("second", "")
    city = city_of(TEXT.replace("overflow_s: 180", "overflow_s: 0"), tmp_path)
    assert (city.overflow_of("hotline"), city.overflow_of("second")) == ("", "")
    assert "OVERFLOW_OF_hotline = \n" in rendered(city, tmp_path, "extensions.conf")


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("overflow_to: callback", "overflow_to: nowhere", f"queue.overflow_to 不能是 nowhere{WAYS}"),
        ("二线坐席}", "二线坐席, overflow_to: thrid}", f"queues.second.overflow_to 不能是 thrid{WAYS}"),
        (
            "{name: 综合坐席}\n  second: {name: 二线坐席}",
            "{name: 综合坐席, overflow_to: second}\n  second: {name: 二线坐席, overflow_to: hotline}",
            "queues.hotline 的溢出绕成了圈（hotline, second, hotline）",
        ),
    ],
)
def test_an_overflow_that_leads_nowhere_or_in_a_circle_is_told(tmp_path: Path, old: str, new: str, told: str) -> None:
    """A caller must not be moved for ever."""
    path = tmp_path / "city.yaml"
    assert old in TEXT
    path.write_text(TEXT.replace(old, new), encoding="utf-8")
    assert [mistake.what for mistake in city_mistakes(path)] == [told]


def test_what_the_queue_says_is_found_under_the_names_asterisk_asks_for(tmp_path: Path) -> None:
    """Every place from 2 to 20, the sentence behind the twentieth, every average wait; and for who is in danger, nothing."""
    rendered(load_city(DEFAULT_CITY), tmp_path, "queues.conf")
    sounds = Settings(home=tmp_path, demo=True).paths.asterisk / "data/sounds"
    for name in ("next", "beyond", "thanks", *(f"digits/{place}" for place in range(2, 21))):
        assert (sounds / "en_queue" / f"{name}.wav").is_file(), name
    for minutes in (*range(1, 11), 15, 20, 30):
        assert (sounds / f"en_queue_{minutes}" / "wait.wav").is_file(), minutes
    assert {path.resolve().name for path in (sounds / "en_urgent").rglob("*.wav")} == {"silence.wav"}
