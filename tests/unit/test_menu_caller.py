"""One caller in one menu: every event at every kind of node, and that no sequence of events keeps a caller there."""

from __future__ import annotations

import typing
from collections.abc import Mapping

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from ivr import caller
from ivr.caller import LONGEST_WALK, TABLE, Ask, Began, Failed, Leave, Position, Pressed, Silent, Tell, begin, step
from ivr.check import DISTRESS_KEY, SILENT_LIMIT_S, faults
from ivr.menu import MENUS_FOLDER, Connect, Menu, Node, Queue, Say, load_menus
from ivr.menu import Ask as Question

pytestmark = pytest.mark.unit

MENU = Menu(
    "12328",
    "ask",
    {
        "ask": Question(("hello", "choices"), {"9": "water", "1": "keyed"}, 1, "silent", "wrong"),
        "keyed": Say(("a",), "person"),
        "silent": Say(("b",), "person"),
        "wrong": Say(("c",), "person"),
        "say": Say(("d",), "next"),
        "next": Say(("e",), "person"),
        "water": Connect("water_rescue"),
        "person": Queue("hotline"),
    },
)
SAMPLES: dict[str, caller.Event] = {"Began": Began(), "Pressed": Pressed("1"), "Silent": Silent(), "Failed": Failed()}
OUTCOMES: dict[str, tuple[Position | None, list[caller.Command]]] = {
    "by the key": (Position("keyed", 5.0, 2), [Tell(("a",))]),
    "by silence": (Position("silent", 5.0, 2), [Tell(("b",))]),
    "then": (Position("next", 5.0, 2), [Tell(("e",))]),
    "to the queue": (None, [Leave("queue")]),
}
SHIPPED = load_menus(MENUS_FOLDER)


def test_every_event_has_a_sample_and_every_kind_of_node_knows_it() -> None:
    """The table below is complete."""
    assert {kind.__name__ for kind in typing.get_args(caller.Event)} == set(SAMPLES)
    assert {kind: set(events) for kind, events in TABLE.items()} == {kind: set(SAMPLES) for kind in ("ask", "say", "gone")}


@pytest.mark.parametrize("kind", sorted(TABLE))
@pytest.mark.parametrize("name", sorted(SAMPLES))
def test_every_event_does_to_a_caller_what_the_table_says(kind: str, name: str) -> None:
    """A node named like its kind, and one that the menu does not have."""
    position = Position(kind, 1.0)
    found = step(MENU, position, SAMPLES[name], 5.0)
    said = TABLE[kind][name]
    assert found == ((Position(kind, 5.0), []) if said == "stays" else OUTCOMES[said])


@pytest.mark.parametrize("node", ["water", "person"])
def test_a_caller_who_is_somehow_at_an_end_goes_to_the_queue(node: str) -> None:
    """The menu may have changed on disk while the caller was in it; no other way is sure."""
    assert step(MENU, Position(node, 1.0), Silent(), 5.0) == (None, [Leave("queue")])


def test_a_caller_hears_greeting_and_choices_as_one_command() -> None:
    """Between two commands a key would be lost."""
    assert begin(MENU, 3.0) == (Position("ask", 3.0, 1), [Ask(("hello", "choices"), "91", 1)])


@pytest.mark.parametrize("start", ["person", "nowhere"])
def test_a_caller_of_a_menu_without_a_question_goes_to_the_queue(start: str) -> None:
    """Even a menu that the check would refuse keeps nobody."""
    assert begin(Menu("12328", start, MENU.nodes), 3.0)[1] == [Leave("queue")]


def test_a_caller_who_pressed_a_wrong_key_is_told_so() -> None:
    """The wrong key's node follows."""
    assert step(MENU, Position("ask", 1.0), Pressed("7"), 5.0) == (Position("wrong", 5.0, 2), [Tell(("c",))])


def test_a_caller_in_distress_leaves_at_once() -> None:
    """One key, no further question."""
    assert step(MENU, Position("ask", 1.0), Pressed("9"), 5.0) == (None, [Leave("party", "water_rescue")])


def test_a_caller_who_heard_three_nodes_goes_to_the_queue() -> None:
    """A way back by a key cannot hold anybody."""
    menu = Menu("12328", "a", {"a": Question(("x",), {"*": "a"}, 1, "a", "a")})
    assert step(menu, Position("a", 1.0, 2), Pressed("*"), 5.0) == (Position("a", 5.0, 3), [Ask(("x",), "*", 1)])
    assert step(menu, Position("a", 1.0, 3), Pressed("*"), 5.0) == (None, [Leave("queue")])


@pytest.mark.parametrize("line", ["12328", "12345"])
@pytest.mark.parametrize(
    ("answers", "end"),
    [
        ([Pressed("9")], Leave("party", "water_rescue")),
        ([Pressed("0")], Leave("queue")),
        ([Silent()], Leave("queue")),
        ([Failed()], Leave("queue")),
        ([Pressed("7"), Silent()], Leave("queue")),
        ([Pressed("1"), Pressed("1")], Leave("party", "railway")),
        ([Pressed("2"), Pressed("1")], Leave("party", "civil_aviation")),
        ([Pressed("3"), Pressed("1")], Leave("party", "post")),
        ([Pressed("1"), Silent()], Leave("queue")),
        ([Pressed("2"), Pressed("0")], Leave("queue")),
        ([Pressed("3"), Pressed("#")], Leave("queue")),
    ],
)
def test_a_caller_of_either_line_ends_where_the_answers_lead(line: str, answers: list[caller.Event], end: Leave) -> None:
    """Every way of the menus that we ship."""
    count, last = walk(SHIPPED[line], answers)
    assert (count, last) == (len(answers), end)


def walk(menu: Menu, answers: list[caller.Event]) -> tuple[int, caller.Command]:
    """How many answers were given until the last command, and that command."""
    found, commands = begin(menu, 0.0)
    position: Position | None = found
    count = 0
    while position is not None and count < len(answers) and not isinstance(commands[-1], Leave):
        began, nothing = step(menu, position, Began(), count + 0.5)
        assert (began is not None, nothing) == (True, [])
        position, commands = step(menu, position, answers[count], count + 1.0)
        count += 1
    return count, commands[-1]


PROMPTS = {"short": 1.0, "long": 2.5}
INNER = ("start", "a", "b", "c")
# the ends come more often, so that many drawn menus pass the check
TARGETS = st.sampled_from((*INNER, "help", *["person"] * 8))
ANYWHERE = st.sampled_from((*INNER, "help", "person", "", "nowhere"))
SAID = st.lists(st.sampled_from(sorted(PROMPTS)), min_size=1, max_size=2).map(tuple)
ANSWERS = st.lists(st.one_of(st.builds(Pressed, st.sampled_from("0123456789*#")), st.just(Silent()), st.just(Failed())), min_size=3)


def questions(targets: st.SearchStrategy[str]) -> st.SearchStrategy[Question]:
    keys = st.dictionaries(st.sampled_from("0123*#"), targets, min_size=1, max_size=4)
    return st.builds(Question, SAID, keys, st.integers(1, 3), targets, targets)


@st.composite
def menus(draw: st.DrawFn, targets: st.SearchStrategy[str]) -> Menu:
    """Any menu of six nodes; nodes that cannot be reached are left out."""
    nodes: dict[str, Node] = {"help": Connect("water_rescue"), "person": Queue("hotline")}
    for name in INNER:
        nodes[name] = draw(questions(targets) | st.builds(Say, SAID, targets))
    start = draw(questions(targets))
    nodes["start"] = Question(start.say, {DISTRESS_KEY: "help", **start.keys}, start.wait_s, start.silence, start.wrong)
    return Menu("12328", "start", {name: nodes[name] for name in sorted(reached(nodes))})


def reached(nodes: Mapping[str, Node]) -> set[str]:
    found, new = set[str](), {"start"}
    while new:
        found |= new
        ways = [(*node.keys.values(), node.silence, node.wrong) for name in new if isinstance(node := nodes[name], Question)]
        ways += [(node.then,) for name in new if isinstance(node := nodes[name], Say)]
        new = {target for way in ways for target in way if target in nodes} - found
    return found


@settings(deadline=None)  # a busy machine is no fault
@given(menus(TARGETS), ANSWERS)
def test_a_caller_of_any_menu_that_passes_the_check_is_out_after_three_answers(menu: Menu, answers: list[caller.Event]) -> None:
    """Whatever is pressed or not, and whatever fails."""
    assume(faults(menu, PROMPTS, {"water_rescue": "emergency"}, ("hotline",)) == ())
    count, last = walk(menu, answers)
    assert count <= LONGEST_WALK
    assert last in (Leave("queue"), Leave("party", "water_rescue"))


@settings(deadline=None)  # a busy machine is no fault
@given(menus(TARGETS))
def test_a_silent_caller_of_any_menu_that_passes_the_check_is_queued_in_time(menu: Menu) -> None:
    """What the check reckons is what the walk takes."""
    assume(faults(menu, PROMPTS, {"water_rescue": "emergency"}, ("hotline",)) == ())
    found, commands = begin(menu, 0.0)
    position: Position | None = found
    seconds = 0.0
    while position is not None:
        [heard] = commands
        assert not isinstance(heard, Leave)
        seconds += sum(PROMPTS[key] for key in heard.prompts) + (heard.wait_s if isinstance(heard, Ask) else 0)
        position, commands = step(menu, position, Silent(), seconds)
    assert commands == [Leave("queue")]
    assert seconds <= SILENT_LIMIT_S


@settings(deadline=None)  # a busy machine is no fault
@given(menus(ANYWHERE), ANSWERS)
def test_a_caller_of_a_menu_that_nobody_checked_is_out_after_three_answers_too(menu: Menu, answers: list[caller.Event]) -> None:
    """Broken ways lead to the queue."""
    count, last = walk(menu, answers)
    assert count <= LONGEST_WALK
    assert isinstance(last, Leave)
