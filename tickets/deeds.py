"""What the centre's acts do: taking on, answering, refusing, dispatching, deciding, checking, closing; pure (R17, R39 to R43)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any, Final

from hotline_core.errors import BadInput
from tickets.acts import Act, Stage
from tickets.catalogue import Catalogue
from tickets.copies import copies_of, copy_notices, kept_copies, late_copies
from tickets.doing import CENTRE, NEW_CLOCK, Doing, Done, NoticeKind, Notify, lane_of, needs_telephone, unit_audience
from tickets.facts import LONGEST_OVERRIDE
from tickets.table import AT_UNIT, DONE
from tickets.ticket import Content, Extension, Improper, Life, Pause, RefusedReturn
from tickets.units import Units

_OTHER_LAW: Final = "N9"  # the one refusal that says nothing by itself


def check_content(content: Content, catalogue: Catalogue) -> None:
    """BadInput `unknown_key` (field) where a class, field, source, area or topic is none of the catalogue's for that line."""
    known: Mapping[str, Mapping[str, object]] = {
        "klass": catalogue.classes_of(content.line),
        "field": catalogue.fields_of(content.line),
        "source": catalogue.sources,
        "area": catalogue.areas,
        "topic": catalogue.topics,
    }
    for field, keys in known.items():
        value = getattr(content, field)
        if value and value not in keys:
            raise BadInput("unknown_key", field=field)


def check_unit(key: str, units: Units, field: str = "unit") -> str:
    """The key of a unit that takes new matters; BadInput `unknown_unit`, `unit_not_active`, `unit_only_reads`."""
    unit = units.get(key)
    if unit is None:
        raise BadInput("unknown_unit", field=field)
    if not unit.is_active:
        raise BadInput("unit_not_active", field=field)
    if unit.only_reads:
        raise BadInput("unit_only_reads", field=field)
    return key


# -- at the desk ----------------------------------------------------------------------------------------------------


def _accept(doing: Doing) -> Done:
    _check_complete(doing)
    wished = doing.facts.text_or_none("unit")
    if wished:
        check_unit(wished, doing.policy.units)
    return _accepted(doing, "accepted")


def _answer(doing: Doing) -> Done:
    _check_complete(doing)
    doing.facts.text("answer")
    return _accepted(doing, "answered", replied_at=doing.now, closed_at=doing.now)


def _refuse(doing: Doing) -> Done:
    code = doing.facts.text("code")
    if code not in doing.policy.catalogue.refusals:
        raise BadInput("unknown_reason", field="code")
    if code == _OTHER_LAW:
        doing.facts.text("reason")
    else:
        doing.facts.text_or_none("reason")
    return doing.done("refused", profile=doing.profile.id, refusal=code, closed_at=doing.now)


def _void(doing: Doing) -> Done:
    if doing.facts.text("kind") not in doing.policy.catalogue.void_kinds:
        raise BadInput("unknown_reason", field="kind")
    doing.facts.text_or_none("note")
    return doing.done("void", profile=doing.profile.id, closed_at=doing.now)


def _accepted(doing: Doing, stage: Stage, **life: Any) -> Done:
    """Taken on: from here the ticket keeps the profile of its day."""
    accepted_at = doing.now if doing.life.accepted_at is None else doing.life.accepted_at
    return doing.done(stage, kept={"profile": doing.profile.id}, profile=doing.profile.id, accepted_at=accepted_at, **life)


def _check_complete(doing: Doing) -> None:
    """What nobody can judge or send on is not taken on: a class and a title (R16, R35, R36)."""
    for field in ("klass", "title"):
        if not str(getattr(doing.content, field)).strip():
            raise BadInput("missing", field=field)
    check_content(doing.content, doing.policy.catalogue)
    _check_asked_for_name(doing.content, doing.policy.catalogue)


def _check_asked_for_name(content: Content, catalogue: Catalogue) -> None:
    """A named topic's caller is asked for the real name and what came of it is marked; who gave it has name and number (R104)."""
    topic = catalogue.topic_rules.get(content.topic)
    if topic is None or not topic.wants_real_name:
        return
    for field in ("real_name", *(("name", "number") if content.real_name == "given" else ())):
        if not str(getattr(content, field)).strip():
            raise BadInput("missing", field=field)


# -- dispatch -------------------------------------------------------------------------------------------------------


def _dispatch(doing: Doing) -> Done:
    """To one unit that leads and others that help (R43); the clocks of the unit begin, a former one is told that it is out."""
    unit, co_units = read_units(doing)
    doing.facts.text_or_none("note")
    return sent_to(doing, unit, co_units)


def read_units(doing: Doing) -> tuple[str, tuple[str, ...]]:
    """The unit that is to lead and those that are to help; BadInput as `check_unit`, and `bad_input` where one is both."""
    unit = check_unit(doing.facts.text("unit"), doing.policy.units)
    co_units = doing.facts.keys("co_units")
    for key in co_units:
        check_unit(key, doing.policy.units, "co_units")
    if unit in co_units:
        raise BadInput("bad_input", field="co_units")
    return unit, co_units


def sent_to(doing: Doing, unit: str, co_units: tuple[str, ...], **more: Any) -> Done:
    """The ticket at a unit that has been checked, with its clocks begun; `more` are fields of the life beside those."""
    life = doing.life
    _check_complete(doing)
    lane = lane_of(doing.content)
    is_told = needs_telephone(doing.content)
    tell = [Notify(unit_audience(unit), "dispatched", {"lane": lane})]
    tell += [Notify(unit_audience(key), "co_handling", {"lane": lane, "unit": unit}) for key in co_units]
    copies, missing = copies_of(doing)
    tell += copy_notices(copies, lane, unit)
    former = dict.fromkeys((*life.chain, *life.co_units))
    tell += [Notify(unit_audience(key), "withdrawn") for key in former if key not in (unit, *co_units)]
    if is_told:
        tell.append(Notify(CENTRE, "phone_duty", {"lane": lane, "unit": unit}))
    fresh = replace(life, met={what: at for what, at in life.met.items() if what == "dispatch"})
    return replace(doing, ticket=replace(doing.ticket, life=fresh)).done(
        "dispatched", *tell, kept={**({"lane": lane} if lane else {}), **kept_copies(copies, missing)}, unit=unit,
        co_units=co_units, copies=tuple(dict.fromkeys((*life.copies, *copies))), chain=(unit,), phone_duty=is_told,
        dispatched_at=doing.now, clock_from=doing.now, met={"dispatch": doing.now, **fresh.met}, signed_at=None, contacted_at=None,
        contacts=0, **{**NEW_CLOCK, "dispute": None, **more},
    )  # fmt: skip


def _tell_by_phone(doing: Doing) -> Done:
    doing.facts.text("spoken_to")
    doing.facts.text_or_none("note")
    return doing.done(doing.life.stage, phone_duty=False)


# -- what the centre decides ----------------------------------------------------------------------------------------


def _grant_return(doing: Doing) -> Done:
    """Back to the centre for another unit: all limits of the unit end, that of the dispatch begins anew (R52)."""
    doing.facts.text_or_none("reason")
    life = doing.life
    tell = [Notify(unit_audience(key), "return_granted") for key in (*life.chain, *life.co_units)]
    disowned = tuple(dict.fromkeys((*life.disowned, *life.chain[:1])))
    return Done(replace(_waiting(life, doing.now), disowned=disowned), tuple(tell))


def _refuse_return(doing: Doing) -> Done:
    """The unit keeps it and may contest that; where the profile counts improper returns, it is said whether this was one (R52)."""
    life, by = doing.life, doing.actor.name
    reason = doing.facts.text("reason")
    is_improper = doing.facts.flag("improper", default=None if doing.profile.returning.is_improper_counted else False)
    entry = Improper(life.unit, life.return_asked_at or doing.now, reason, by, doing.now)
    return doing.done(
        life.return_from or "dispatched", Notify(unit_audience(life.unit), "return_refused"), return_from=None,
        refused_return=RefusedReturn(life.unit, by, doing.now), improper=(*life.improper, entry) if is_improper else life.improper,
    )  # fmt: skip


def _suspend(doing: Doing) -> Done:
    reason = doing.facts.text("reason")
    return _told(doing, "suspended", pauses=(*doing.life.pauses, Pause(doing.now, None, reason)))


def _resume(doing: Doing) -> Done:
    doing.facts.text_or_none("reason")
    return _told(doing, "resumed", pauses=ended(doing.life.pauses, doing.now))


def _override(doing: Doing) -> Done:
    """Another law sets the limit of this matter (R50: 法律法规另有规定从其规定), in working days."""
    days = doing.facts.whole("days", LONGEST_OVERRIDE)
    law = doing.facts.text("law")
    return _told(doing, "overridden", override=days, law=law)


def _ask_supplement(doing: Doing) -> Done:
    """Incomplete in its form: goes back, and the limit that stood stands again (R53; B art. 25)."""
    doing.facts.text("reason")
    return _told(doing, "supplement", "in_hand", is_supplement=True, replied_at=None, met=_without(doing.life, "reply"))


def _check(doing: Doing) -> Done:
    doing.facts.text_or_none("note")
    return doing.done("checked", checked_at=doing.now)


def _follow_up(doing: Doing) -> Done:
    """What the citizen says of it (R65 to R67); one who cannot be reached has been asked too, with a note of the trials (R55)."""
    if not doing.facts.flag("reached", default=True):
        doing.facts.text("note")
        return doing.done(doing.life.stage, met=doing.met("follow_up"))
    doing.facts.text_or_none("note")
    satisfied, solved = doing.facts.flag("satisfied"), doing.facts.flag("solved")
    return doing.done(doing.life.stage, met=doing.met("follow_up"), is_satisfied=satisfied, is_solved=solved)


def _rework(doing: Doing) -> Done:
    """The unit has to do it again, with a limit that begins now (R56, R69)."""
    doing.facts.text("reason")
    return _told(
        doing, "rework", "in_hand", reworks=doing.life.reworks + 1, clock_from=doing.now, replied_at=None, checked_at=None,
        closed_at=None, is_satisfied=None, is_solved=None, met=_without(doing.life, "reply", "follow_up"), **NEW_CLOCK,
    )  # fmt: skip


def _close(doing: Doing) -> Done:
    doing.facts.text_or_none("note")
    tell = [Notify(unit_audience(key), "copy_closed") for key in doing.life.copies]
    return doing.done("closed", *tell, closed_at=doing.now)


def _archive(doing: Doing) -> Done:
    doing.facts.text_or_none("note")
    return doing.done("archived", archived_at=doing.now)


def _reopen(doing: Doing) -> Done:
    """Waits for dispatch again, or, laid aside by mistake, is written on."""
    doing.facts.text("reason")
    life = replace(_waiting(doing.life, doing.now), profile=doing.profile.id)
    return Done(replace(life, stage="draft", profile="", accepted_at=None) if doing.life.stage == "void" else life)


def _merge(doing: Doing) -> Done:
    """Goes on in another ticket; whether that one exists the store knows (BadInput `unknown_ticket` there)."""
    into = doing.facts.text("into")
    doing.facts.text_or_none("reason")
    if into == doing.ticket.number:
        raise BadInput("bad_input", field="into")
    tell = [Notify(unit_audience(key), "merged", {"into": into})
            for key in (*doing.life.chain, *doing.life.co_units, *doing.life.copies)]
    return doing.done(
        "merged", *tell, merged_into=into, closed_at=doing.now, phone_duty=False, pauses=ended(doing.life.pauses, doing.now),
        extension=decided_only(doing.life), profile=doing.profile.id,
    )  # fmt: skip


def _note(doing: Doing) -> Done:
    doing.facts.text("text")
    return doing.done(doing.life.stage)


def _correct(doing: Doing) -> Done:
    """What was said is written anew, and the step keeps what stood there; once accepted the line stays."""
    changes = doing.facts.changes()
    is_draft = doing.life.stage == "draft"
    if not is_draft:
        doing.facts.text("reason")
        if "line" in changes:
            raise BadInput("unknown_fact", field="line")
    changes = {field: value for field, value in changes.items() if getattr(doing.content, field) != value}
    if not changes:
        raise BadInput("nothing_changed", field="changes")
    content = replace(doing.content, **changes)  # type: ignore[arg-type] # names and kinds of Content's fields
    check_content(content, doing.policy.catalogue)
    if not is_draft and doing.life.stage not in DONE and not (content.klass and content.title):
        raise BadInput("missing", field="title" if content.klass else "klass")
    is_at_unit = doing.life.stage in AT_UNIT
    is_urgent_now = is_at_unit and needs_telephone(content) and not needs_telephone(doing.content)
    kept = {"changes": changes, "was": {field: getattr(doing.content, field) for field in changes}}
    tell = [Notify(unit_audience(doing.life.unit), "corrected", {"fields": sorted(changes)})] if is_at_unit else []
    if is_urgent_now:
        tell.append(Notify(CENTRE, "phone_duty", {"lane": lane_of(content), "unit": doing.life.unit}))
    late = late_copies(doing, content) if is_at_unit else ()
    tell += copy_notices(late, lane_of(content), doing.life.unit)
    done = doing.done(
        doing.life.stage, *tell, kept=kept | kept_copies(late), phone_duty=doing.life.phone_duty or is_urgent_now,
        copies=(*doing.life.copies, *late),
    )  # fmt: skip
    return replace(done, content=content)


# -- what they share ------------------------------------------------------------------------------------------------

def ended(pauses: tuple[Pause, ...], now: float) -> tuple[Pause, ...]:
    """The suspensions, the last one ended if it lasts; one that ends before it began, by a clock set back, ends as it begins."""
    if not pauses or pauses[-1].until is not None:
        return pauses
    return (*pauses[:-1], replace(pauses[-1], until=max(now, pauses[-1].since)))


def decided_only(life: Life) -> Extension | None:
    """The extension, unless it is still asked for: what nobody needs any more is not decided."""
    return life.extension if life.extension is not None and life.extension.granted is not None else None


def _told(doing: Doing, kind: NoticeKind, stage: Stage | None = None, **life: Any) -> Done:
    """The unit is told, if one has it."""
    tell = (Notify(unit_audience(doing.life.unit), kind),) if doing.life.unit else ()
    return doing.done(stage or doing.life.stage, *tell, **life)


def _without(life: Life, *limits: str) -> dict[str, float]:
    return {what: at for what, at in life.met.items() if what not in limits}


def _waiting(life: Life, now: float) -> Life:
    """Accepted and waiting for dispatch, as if new; returns, reworks and another law's limit stay with it for life."""
    return Life(
        stage="accepted", version=life.version, created_at=life.created_at, profile=life.profile, accepted_at=now,
        override=life.override, law=life.law, returns=life.returns, reworks=life.reworks, copies=life.copies, doubt=life.doubt,
        disowned=life.disowned, improper=life.improper, chases=life.chases, chased_at=life.chased_at,
    )  # fmt: skip


DEEDS: Final[Mapping[Act, Callable[[Doing], Done]]] = MappingProxyType({
    "accept": _accept, "answer": _answer, "refuse": _refuse, "void": _void, "dispatch": _dispatch, "tell_by_phone": _tell_by_phone,
    "grant_return": _grant_return, "refuse_return": _refuse_return, "suspend": _suspend, "resume": _resume, "override": _override,
    "ask_supplement": _ask_supplement, "check": _check, "follow_up": _follow_up, "rework": _rework, "close": _close,
    "archive": _archive, "reopen": _reopen, "merge": _merge, "note": _note, "correct": _correct,
})  # fmt: skip
