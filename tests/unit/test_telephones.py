"""Which telephones there should be, and how Asterisk is told; nothing here talks to anybody."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from agent_desktop.people import Person
from agent_desktop.phone_holders import Holder
from agent_desktop.telephone_plan import Leave, MoveQueues, RemovePhone, SetPhone, Step, Wanted, plan
from asterisk_conf.telephones import KINDS, Kind, digest_of, load_telephones

pytestmark = pytest.mark.unit

AMI_LINE = 1024 - len("Val: \r\n")  # manager.c reads a line into a buffer of this size
ZHANG = Person("zhang", "张敏", "agent", "1001", "x")
AT_WORK = Holder("1001", "zhang", "agent", "sid1", 100.0, 101.0)


def page_digest(extension: str, sid: str) -> str:
    return f"{extension}/{sid}"


def mark(wanted: Wanted) -> str:
    return f"{wanted.kind} {wanted.digest}"


def asked(
    *people: Person, holders: tuple[Holder, ...] = (), over: tuple[str, ...] = (), known: dict[str, str] | None = None,
    queues: dict[str, tuple[str, ...]] | None = None,
) -> list[Step]:  # fmt: skip
    """The plan for these people; `over` are sessions that have ended."""
    held = {holder.extension: holder for holder in holders}
    return plan(people, held, lambda holder: holder.sid not in over, page_digest, mark, known or {}, queues or {})


@pytest.mark.parametrize("kind", KINDS)
def test_a_telephone_of_either_kind_fits_into_the_lines_of_ami(kind: Kind) -> None:
    """A longer line would be cut by Asterisk without a word."""
    telephone = load_telephones(loopback=True).telephone("99999", kind, "f" * 32)
    for text in telephone.objects.values():
        assert len(text) < AMI_LINE
        assert all(isinstance(value, str) for value in json.loads(text).values())
        assert not set(text) & {"\r", "\n"}


def test_asterisk_is_given_the_digest_and_never_the_password() -> None:
    """MD5 of agent-1001:hotline:geheim (RFC 8760, H(A1)); another extension has another one."""
    digest = digest_of("1001", "geheim")
    assert digest == "71956bd486d114643233d2543b215cf1"
    telephone = load_telephones(loopback=False).telephone("1001", "page", digest)
    assert json.loads(telephone.objects["auth"])["password_digest"] == f"MD5:{digest}"
    assert "geheim" not in "".join(telephone.objects.values())
    assert digest_of("1002", "geheim") != digest


def test_the_mark_of_a_telephone_changes_with_its_password_and_its_options() -> None:
    """So that a newer version's options reach a running Asterisk."""
    given = load_telephones(loopback=False)
    marks = {given.telephone("1001", kind, digest).mark for kind in KINDS for digest in ("a" * 32, "b" * 32)}
    marks.add(load_telephones(loopback=True).telephone("1001", "hardware", "a" * 32).mark)
    assert len(marks) == 5


def test_an_agent_who_never_signed_in_has_a_locked_telephone() -> None:
    """The password of the sign-in "" is handed out to nobody."""
    assert asked(ZHANG) == [SetPhone(Wanted("1001", "page", "1001/"), None)]
    assert asked(ZHANG, known={"1001": "page 1001/"}) == []


def test_an_agent_at_work_has_the_telephone_of_the_sign_in_that_holds_it() -> None:
    """Nothing is asked twice."""
    assert asked(ZHANG, holders=(AT_WORK,)) == [SetPhone(Wanted("1001", "page", "1001/sid1"), AT_WORK)]
    assert asked(ZHANG, holders=(AT_WORK,), known={"1001": "page 1001/sid1"}) == []


def test_when_the_session_is_over_the_agent_leaves_and_the_telephone_is_locked() -> None:
    """In this order: nobody is rung on a telephone that is being locked."""
    steps = asked(ZHANG, holders=(AT_WORK,), over=("sid1",), known={"1001": "page 1001/sid1"})
    assert steps == [Leave(AT_WORK), SetPhone(Wanted("1001", "page", "1001/"), None)]


def test_a_person_who_is_gone_or_disabled_has_no_telephone() -> None:
    """Neither has an extension that nobody has any more."""
    for people in ((), (replace(ZHANG, is_disabled=True),), (replace(ZHANG, extension=""),)):
        assert asked(*people, known={"1001": "page 1001/"}) == [RemovePhone("1001")]


def test_a_hardware_telephone_is_there_once_its_password_is_made() -> None:
    """Whether or not anybody is signed in."""
    hardware = replace(ZHANG, phone_kind="hardware")
    assert asked(hardware, known={"1001": "page 1001/"}) == [RemovePhone("1001")]
    made = replace(hardware, phone_digest="d")
    assert asked(made, holders=(AT_WORK,)) == [SetPhone(Wanted("1001", "hardware", "d"), AT_WORK)]


def test_only_who_is_at_work_is_moved_between_queues() -> None:
    """The others are told their queues when they get ready."""
    moved = replace(ZHANG, queues=("second",))
    known = {"1001": "page 1001/sid1"}
    assert asked(moved, holders=(AT_WORK,), known=known, queues={"1001": ()}) == [MoveQueues("1001", ("second",))]
    assert asked(moved, holders=(AT_WORK,), known=known, queues={"1001": ("second",)}) == []
    assert asked(moved, known={"1001": "page 1001/"}, queues={"1001": ()}) == []
