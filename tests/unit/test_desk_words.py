"""Health, intents and sentences: what the desk tells."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from agent_desktop.clicks import Intent, read_intent
from agent_desktop.health_board import PARTS, SHOWN_S, START_S, HealthBoard
from agent_desktop.rights import ACTS
from agent_desktop.wording import SENTENCES, load_wording

pytestmark = pytest.mark.unit
PACKAGE = Path(__file__).parents[2] / "agent_desktop"
SCRIPTS = PACKAGE / "static/js"
TICKETS = PACKAGE.with_name("tickets")


def test_the_desk_is_ready_only_when_every_part_is_up() -> None:
    """One part missing is not ready."""
    board = HealthBoard(0.0)
    for name in PARTS[:-1]:
        board.tell(name, "up", 1.0)
    assert board.told()["state"] == "starting"
    board.tell(PARTS[-1], "up", 2.0)
    assert (board.told()["state"], board.told()["since"]) == ("ready", 2.0)


def test_a_part_that_goes_down_degrades_the_desk_since_that_moment() -> None:
    """And its return makes it ready again."""
    board = HealthBoard(0.0)
    for name in PARTS:
        board.tell(name, "up", 1.0)
    assert board.tell("redis", "down", 9.0)
    assert not board.tell("redis", "down", 10.0)
    assert (board.told()["state"], board.told()["since"]) == ("degraded", 9.0)
    assert board.parts()["redis"] == {"state": "down", "since": 9.0}
    board.tell("redis", "up", 11.0)
    assert board.is_ready


def test_a_part_that_was_away_between_two_looks_is_shown_as_down_for_a_while() -> None:
    """An Asterisk that was killed may be back sooner than anybody looks again, and all calls are gone."""
    board = HealthBoard(0.0)
    for name in PARTS:
        board.tell(name, "up", 1.0, 1.0)
    assert not board.tell("asterisk", "up", 2.0, 1.0)
    assert board.tell("asterisk", "up", 9.0, 8.5)
    assert not board.tell("asterisk", "up", 10.0, 8.5)
    assert (board.parts()["asterisk"], board.is_ready) == ({"state": "down", "since": 9.0}, False)
    assert board.tell("asterisk", "up", 9.0 + SHOWN_S, 8.5)
    assert (board.parts()["asterisk"], board.is_ready) == ({"state": "up", "since": 8.5}, True)


def test_trouble_with_recordings_is_told_and_holds_up_nothing() -> None:
    """A recording that could not be made must not keep a start or an upgrade waiting."""
    board = HealthBoard(0.0)
    for name in PARTS:
        board.tell(name, "up", 1.0)
    board.tell("recordings", "trouble", 2.0)
    assert (board.parts()["recordings"]["state"], board.is_ready) == ("trouble", True)


def test_a_start_that_never_ends_is_told_as_a_fault() -> None:
    """Nobody waits for ever for "starting"."""
    board = HealthBoard(0.0)
    board.tick(START_S)
    assert board.told()["state"] == "degraded"


def test_a_click_is_read_as_an_intent() -> None:
    """As the page sends it."""
    text = '{"type":"intent","id":"7b0e-1","op":"pause","call_id":null,"reason":"午餐"}'
    assert read_intent(text) == Intent("7b0e-1", "pause", None, "午餐")


@pytest.mark.parametrize(
    "text",
    [
        '{"type":"intent","id":"a","op":"sign_out"}',
        '{"type":"intent","id":"a","op":"hang_up","call_id":"c\\r\\nAction: Hangup"}',
        '{"type":"intent","id":"a","op":"pause","reason":"x\\r\\ny"}',
        '{"type":"intent","id":"a","op":["ready"]}',
        '{"type":"intent","id":"a"}',
    ],
)
def test_a_click_that_cannot_be_used_is_answered_by_its_id(text: str) -> None:
    """Unknown acts and line breaks never reach the bridge."""
    assert read_intent(text) == "a"


@pytest.mark.parametrize("text", ["", "x", "[]", "{}", '{"type":"intent","id":7}', '{"type":"ack","id":"a"}', "[" * 5000])
def test_a_frame_that_is_no_click_is_ignored(text: str) -> None:
    """Nothing to answer to."""
    assert read_intent(text) is None


def test_every_code_the_desk_can_say_has_a_sentence() -> None:
    """Codes in the source, looked up in messages.yaml."""
    sentences = load_wording().sentences
    source = "\n".join(path.read_text(encoding="utf-8") for path in PACKAGE.rglob("*.py"))
    codes = set(re.findall(r'(?:code=|code = |Forbidden\(|NotFound\(|BadInput\(|Conflict\()"([a-z_]+)"', source)) - {"down"}
    assert codes > {"bad_input", "unknown_call", "database_down"}
    assert codes - set(sentences) == set()


def test_every_code_with_which_a_ticket_refuses_has_a_sentence() -> None:
    """What tickets/ raises, and what stands in the way of an act (tickets/permission.py returns its code)."""
    sources = {path.name: path.read_text(encoding="utf-8") for path in TICKETS.rglob("*.py")}
    raised = re.compile(r'(?:Forbidden|NotFound|BadInput|Conflict|IntentRefused)\(\s*"([a-z_]+)"')
    codes = {code for source in sources.values() for code in raised.findall(source)}
    codes |= set(re.findall(r'return "([a-z_]+)"$', sources["permission.py"], re.MULTILINE)) - {"decide_ticket"}  # a right
    codes |= set(re.findall(r'missing="([a-z_]+)"', sources["unit_deeds.py"]))
    assert codes > {"not_at_this_stage", "unit_has_it", "reply_incomplete", "unknown_unit"}
    assert codes - set(load_wording().sentences) == set()


def test_no_code_has_two_sentences() -> None:
    """YAML keeps the last of two without a word."""
    codes = re.findall(r"^([a-z_]+):", SENTENCES.read_text(encoding="utf-8"), re.MULTILINE)
    assert len(codes) == len(set(codes))


def test_a_lock_is_told_with_the_time_of_day_in_china() -> None:
    """00:05 UTC is 08:05 in Shanghai."""
    assert "08:05" in load_wording().sentence("locked", {"until": 300.0})


def test_an_unknown_code_still_gets_a_sentence() -> None:
    """A person never reads a machine code alone."""
    assert load_wording().sentence("no_such_code", {}) == load_wording().sentences["error"]


def test_no_chinese_stands_in_the_source() -> None:
    """What a person reads is data."""
    for path in PACKAGE.rglob("*.py"):
        assert not re.search(r"[\u4e00-\u9fff]", path.read_text(encoding="utf-8")), path


def test_every_act_of_the_rights_table_has_a_name_on_the_page_of_rules() -> None:
    """And no name is left of an act that is no more."""
    told = (SCRIPTS / "texts_pages.js").read_text(encoding="utf-8").partition("export const RIGHTS")[2]
    assert set(re.findall(r"(\w+): \"", told)) == ACTS
