"""The check of a menu: each thing that would go wrong for a caller has its code, and the menus we ship have none."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from hotline_core.settings import DEFAULT_CITY, load_city
from ivr.catalogue import RECORDINGS_FOLDER
from ivr.check import faults
from ivr.menu import MENUS_FOLDER, Ask, Connect, Menu, Node, Queue, Say, load_menu, recording_lengths
from launcher.check_config import menu_mistakes

pytestmark = pytest.mark.unit

CITY = load_city(DEFAULT_CITY)
QUEUES = tuple(CITY.queues)
PARTIES = {name: party.kind for name, party in CITY.outside_parties.items()}
PROMPTS = {"hello": 3.0, "choices": 4.0, "tell": 2.0}
WELCOME = Ask(("hello", "choices"), {"9": "water", "1": "rail", "0": "person"}, 1, "person", "oops")
RAIL = Ask(("tell",), {"1": "train", "0": "person"}, 3, "person", "person")
GOOD = Menu(
    "12328",
    "welcome",
    {
        "welcome": WELCOME,
        "oops": Say(("tell",), "person"),
        "water": Connect("water_rescue"),
        "rail": RAIL,
        "train": Connect("railway"),
        "person": Queue("hotline"),
    },
)


def with_nodes(changes: Mapping[str, Node]) -> Menu:
    return replace(GOOD, nodes={**GOOD.nodes, **changes})


def told(menu: Menu) -> list[tuple[str, str]]:
    return [(fault.code, fault.node) for fault in faults(menu, PROMPTS, PARTIES, QUEUES)]


def test_a_caller_of_a_good_menu_meets_no_fault() -> None:
    """The menu from which the faulty ones below differ by one thing."""
    assert told(GOOD) == []


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"oops": Say(("tell",))}, [("dead-end", "oops")]),
        ({"rail": replace(RAIL, silence="")}, [("dead-end", "rail")]),
        ({"rail": replace(RAIL, wrong="")}, [("dead-end", "rail")]),
        ({"more": Say(("tell",), "person")}, [("orphan", "more")]),
        ({"rail": replace(RAIL, wrong="nowhere")}, [("unknown-target", "rail")]),
        ({"rail": replace(RAIL, silence="nowhere")}, [("unknown-target", "rail")]),
        ({"oops": Say(("tell",), "nowhere")}, [("unknown-target", "oops")]),
        ({"welcome": replace(WELCOME, keys={**WELCOME.keys, "5": "nowhere"})}, [("unknown-target", "welcome")]),
        ({"oops": Say(("tell",), "oops")}, [("endless", "oops")]),
        ({"rail": replace(RAIL, silence="rail")}, [("endless", "rail")]),
        ({"oops": Say(("tell",), "again"), "again": Say(("tell",), "oops")}, [("endless", "oops"), ("endless", "again")]),
        ({"rail": replace(RAIL, say=("tell", "gone"))}, [("missing-prompt", "rail")]),
        ({"rail": replace(RAIL, say=())}, [("no-prompt", "rail")]),
        ({"train": Connect("stagecoach")}, [("unknown-party", "train")]),
        ({"water": Connect("stagecoach")}, [("unknown-party", "water")]),
        ({"person": Queue("other")}, [("unknown-queue", "person")]),
        ({"rail": replace(RAIL, keys={**RAIL.keys, "10": "person"})}, [("bad-key", "rail")]),
        ({"rail": replace(RAIL, keys={**RAIL.keys, "１": "person"})}, [("bad-key", "rail")]),
        ({"train": replace(RAIL, keys={"1": "plane"}), "plane": Connect("civil_aviation")}, [("too-deep", "train")]),
        ({"rail": replace(RAIL, keys={}), "train": WELCOME}, [("no-keys", "rail"), ("orphan", "train")]),
        (
            {"oops": Say(("tell",), "s1"), "s1": Say(("tell",), "s2"), "s2": Say(("tell",), "person")},
            [("too-long", "s2")],
        ),
        ({"water": Connect("railway")}, [("distress-missing", "welcome")]),
        ({"water": Say(("tell",), "help"), "help": Connect("water_rescue")}, [("distress-missing", "welcome")]),
        ({"welcome": replace(WELCOME, keys={"1": "rail", "9": "water"})}, [("distress-late", "welcome")]),
        ({"welcome": replace(WELCOME, wait_s=2)}, [("silent-late", "welcome")]),
        ({"welcome": replace(WELCOME, silence="oops")}, [("silent-late", "welcome")]),
        ({"welcome": replace(WELCOME, silence="water")}, [("silent-astray", "welcome")]),
    ],
)
def test_a_caller_never_meets_a_fault_that_the_check_knows(changes: Mapping[str, Node], expected: list[tuple[str, str]]) -> None:
    """Each single change gives its own fault, at its node, and no other."""
    assert told(with_nodes(changes)) == expected


def test_a_caller_may_ask_to_hear_the_choices_again() -> None:
    """A way back by a key is no endless prompt: the walk's length bounds it."""
    assert told(with_nodes({"rail": replace(RAIL, keys={**RAIL.keys, "*": "welcome"})})) == []


def test_a_caller_who_cannot_start_is_told_of_once() -> None:
    """A start that is not there hides no fault of the nodes."""
    menu = replace(with_nodes({"train": Connect("stagecoach")}), start="nowhere")
    assert told(menu) == [("unknown-party", "train"), ("unknown-target", "nowhere")]


def test_a_caller_whose_greeting_is_deaf_cannot_call_for_help() -> None:
    """Keys count from the first sample, so the start must be a question."""
    assert told(replace(GOOD, start="hello", nodes={"hello": Say(("hello",), "welcome"), **GOOD.nodes})) == [
        ("distress-missing", "hello"),
        ("silent-late", "hello"),
    ]


def test_an_operator_is_told_how_late_a_silent_caller_is() -> None:
    """Every fault says what is wrong and what cures it."""
    [fault] = faults(with_nodes({"welcome": replace(WELCOME, wait_s=2)}), PROMPTS, PARTIES, QUEUES)
    assert fault.what == "a silent caller is in the queue after 9.0 s, 8.0 s are allowed"
    assert (fault.about, fault.cure) == ("9.0", "shorten the prompts or wait_s on the way of silence")


@pytest.mark.parametrize("line", ["12328", "12345"])
def test_callers_of_both_lines_meet_no_fault_in_the_form_of_the_menu(line: str) -> None:
    """Whatever the recordings are: prompts of 3.5 s each, and those of the greeting leave one second to think."""
    keys = {"greet-" + line, "menu-" + line, "rail-number", "aviation-number", "post-number", "wrong-key"}
    assert faults(load_menu(MENUS_FOLDER / f"{line}.yaml"), dict.fromkeys(keys, 3.5), PARTIES, QUEUES) == ()


@pytest.mark.parametrize("line", ["12328", "12345"])
def test_callers_of_both_lines_meet_no_fault_with_the_recordings_that_are_there(line: str) -> None:
    """By the real lengths a silent caller is in the queue in 8 s; fails while a recording is missing (`make prompts`)."""
    assert faults(load_menu(MENUS_FOLDER / f"{line}.yaml"), recording_lengths(RECORDINGS_FOLDER), PARTIES, QUEUES) == ()


def test_an_operator_is_told_file_and_line_of_a_menus_faults(tmp_path: Path) -> None:
    """`make check-config` tells the mistakes of all menus at once, the unreadable ones too."""
    (tmp_path / "100.yaml").write_text("line: [\n")
    text = (MENUS_FOLDER / "12328.yaml").read_text(encoding="utf-8").replace("connect: post", "connect: stagecoach")
    (tmp_path / "12328.yaml").write_text(text, encoding="utf-8")
    found = menu_mistakes(tmp_path, tmp_path, CITY)
    line = next(number for number, content in enumerate(text.splitlines(), 1) if "stagecoach" in content)
    assert (found[0].file, found[0].line) == (str(tmp_path / "100.yaml"), 2)
    assert [mistake.line for mistake in found if "stagecoach" in mistake.what] == [line]
    assert {mistake.file for mistake in found[1:]} == {str(tmp_path / "12328.yaml")}
