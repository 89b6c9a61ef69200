"""What the pages know of tickets: a form for every act with exactly its facts, words for all that a step or a notice can tell."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path
from typing import get_args

import pytest

from agent_desktop.routes.drafts import DraftFields
from tickets.acts import ACTS
from tickets.doing import NoticeKind
from tickets.facts import CORRECTABLE, KNOWN
from tickets.ticket import Content

pytestmark = pytest.mark.unit

PACKAGE = Path(__file__).parents[2] / "agent_desktop"
SCRIPTS = PACKAGE / "static/js"
FORMS, WORDS, CORRECTION = (
    (SCRIPTS / name).read_text(encoding="utf-8") for name in ("act_form.js", "texts_ticket.js", "correction.js")
)
# Made from the call, or told by the line that was dialled.
OF_THE_CALL = {"line", "source", "call_id", "text"}


def part(text: str, name: str) -> str:
    """The lines of one constant that is an object."""
    return text.split(f"const {name} = {{", 1)[1].split("\n};", 1)[0]


def keys(text: str) -> set[str]:
    """The keys of an object's lines."""
    return set(re.findall(r"(?:^|[{,]) *(\w+): ", text, re.MULTILINE))


def forms() -> dict[str, tuple[str, ...]]:
    """Act -> the facts that its form asks for."""
    found = re.findall(r"(\w+): \[([^\]]*)\]", part(FORMS, "FORMS"))
    return {act: tuple(re.findall(r'(?:(?:text|line)\(|key: )"(\w+)"', body)) for act, body in found}


def test_every_act_has_a_form_with_exactly_the_facts_that_the_life_knows() -> None:
    """act_form.js against tickets/facts.py; a correction has a form of its own."""
    told = forms()
    assert set(told) == set(ACTS) - {"correct"}
    assert {act: sorted(facts) for act, facts in told.items()} == {act: sorted(KNOWN[act]) for act in ACTS if act != "correct"}


def test_no_form_answers_for_a_person_and_a_refused_return_is_judged_where_the_rules_count_it() -> None:
    """What a form says by itself nobody has said (R52); where the profile does not count, it may be left open."""
    told = part(FORMS, "FORMS")
    assert "value:" not in told
    (judged,) = re.findall(r"refuse_return: \[[^\]]*(\{ key: \"improper\".*?\})\]", told)
    assert judged == '{ key: "improper", kind: "yes", optional: ({ returnRule }) => !returnRule?.is_improper_counted }'


def test_a_correction_can_change_all_that_may_be_corrected_but_line_and_source() -> None:
    """correction.js against tickets/facts.py."""
    named = set(re.findall(r"\"(\w+)\"", CORRECTION)) & {field.name for field in fields(Content)} - {"line"}  # also a kind of field
    assert named == set(CORRECTABLE) - {"line", "source"}


def test_every_fact_and_every_kind_of_notice_has_a_word() -> None:
    """A person never reads a key alone."""
    assert {fact for act in KNOWN for fact in KNOWN[act]} <= keys(part(WORDS, "FACTS"))
    kinds = WORDS.split("export const NOTICE", 1)[1]
    assert set(get_args(NoticeKind)) <= keys(kinds)


def test_the_form_beside_a_draft_is_the_content_of_a_ticket_without_what_the_call_tells() -> None:
    """The desk's form, the draft's fields and the content have the same names."""
    page = (PACKAGE / "templates/ticket_form.html").read_text(encoding="utf-8")
    told_by_a_call = page.split('here == "ticket-new" %}', 1)[1].split("{% endif %}", 1)[0]
    assert set(re.findall(r' name="(\w+)"', told_by_a_call)) == {"line", "source"}
    shown = set(re.findall(r' name="(\w+)"', page.replace(told_by_a_call, "")))
    assert shown == set(DraftFields.model_fields) == {field.name for field in fields(Content)} - OF_THE_CALL


def test_every_field_of_the_form_has_a_word_for_a_conflict() -> None:
    """Two records of one call are compared in words."""
    names = WORDS.split("names: {", 1)[1].split("}", 1)[0]
    assert set(DraftFields.model_fields) == keys(names)
