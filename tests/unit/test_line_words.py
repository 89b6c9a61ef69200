"""What the page knows of a call with a third: the machine's own table, and words for all that can be told."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from hotline_core.adapters.ledger_chain import CALL_KINDS
from transfer.acts import ALLOWED
from transfer.model import STAGES
from transfer.thirds import RESULTS

pytestmark = pytest.mark.unit

SCRIPTS = Path(__file__).parents[2] / "agent_desktop/static/js"
STAGE, TEXTS, LINE = ((SCRIPTS / name).read_text(encoding="utf-8") for name in ("stage.js", "texts.js", "texts_line.js"))
WITH_A_THIRD = {"consult", "swapped", "three"}


def part(text: str, name: str) -> str:
    """The lines of one constant."""
    return text.split(f"const {name} = ", 1)[1].split("\n};", 1)[0]


def keys(text: str, name: str) -> set[str]:
    """The keys that stand at the beginning of a line, or within one, of a constant that is an object."""
    return set(re.findall(r"(?:^|[{,]) *(\w+): ", part(text, name), re.MULTILINE))


def allowed_by_the_page() -> dict[str, set[str]]:
    """ALLOWED of stage.js, its named lists put in."""
    lists: dict[str, str] = dict(re.findall(r"^const (AWAY|START|TWO) = \[(.*)\];$", STAGE, re.MULTILINE))
    table = {}
    for line in part(STAGE, "ALLOWED").splitlines():
        for stage, acts in re.findall(r"(\w+): (START|\[[^\]]*\](?:, \"[^\]]*\])?)", line):
            while spread := re.search(r"\.\.\.(\w+)(\.slice\(1\))?|^START$", acts):
                body = lists[spread.group(1) or "START"]
                acts = acts.replace(spread.group(0), body.split(", ", 1)[1] if spread.group(2) else body)
            table[stage] = {re.sub("^mute_.*", "mute", act) for act in re.findall(r'"(\w+)"', acts)}
    return table


def test_the_page_greys_out_just_what_the_machine_would_refuse() -> None:
    """An emergency while a unit is on the line is the page's own: it asks the unit to leave first."""
    page = allowed_by_the_page()
    assert page["three"] >= {"hold", "swap", "drop", "leave", "digits"}
    for stage, machine in ALLOWED.items():
        more = page.get(stage, set()) - machine
        assert more <= ({"emergency"} if stage in WITH_A_THIRD else set()), stage
        assert machine - page.get(stage, set()) <= {"mute", "unmute", "take_back"}, stage


def test_no_record_has_two_sentences() -> None:
    """Of two keys alike JavaScript takes the last and says nothing."""
    for text, name in ((TEXTS, "EVENTS"), (LINE, "LINE_EVENTS"), (LINE, "STAGES")):
        names = re.findall(r"^  (\w+): ", part(text, name), re.MULTILINE)
        assert len(names) == len(set(names)) > 10, name


def test_every_stage_result_and_record_has_its_words() -> None:
    """Nothing is ever shown as its machine's name."""
    assert set(STAGES) <= keys(LINE, "STAGES")
    assert set(STAGES) <= keys(LINE, "STAGE_NAMES")
    assert set(RESULTS) <= set(re.findall(r"(\w+): \"", LINE.split("const FAILED = ", 1)[1].split("};", 1)[0]))
    assert keys(TEXTS, "EVENTS") | keys(LINE, "LINE_EVENTS") >= CALL_KINDS
