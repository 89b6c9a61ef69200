"""How the catalogue is told to a page: every list with keys, Chinese names and initials, so that typing finds an entry; pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict

from agent_desktop.call_view import Told
from agent_desktop.pinyin import initials_of
from tickets.catalogue import MOMENTS
from tickets.facts import LENGTHS, LONGEST
from tickets.file_kinds import KINDS, LARGEST_BYTES, MOST
from tickets.names import Names
from tickets.policy import Policy
from tickets.units import Reason, Suggestion, Unit, on_duty


def told_catalogue(policy: Policy, names: Names, own: frozenset[str], *, sees_phones: bool) -> Told:
    """All lists in one answer; units by name for everybody, with telephones for the centre, and a unit's people their own."""
    catalogue = policy.catalogue
    lines = [line for line in dict.fromkeys([*catalogue.classes, *catalogue.fields]) if line] + [""]
    return {
        "lines": {
            line: {"classes": _entries(catalogue.classes_of(line)), "fields": _entries(catalogue.fields_of(line))} for line in lines
        },
        "sources": _entries(catalogue.sources),
        "areas": _entries(catalogue.areas),
        "topics": [
            each | {"wants_real_name": catalogue.topic_rules[str(each["key"])].wants_real_name}
            for each in _entries(catalogue.topics)
        ],
        "grounds": _entries(catalogue.grounds),
        "void_kinds": _entries(catalogue.void_kinds),
        "refusals": [
            {"key": key, "name": each.name, "basis": each.basis, "sentence": each.sentence, "initials": initials_of(each.name)}
            for key, each in catalogue.refusals.items()
        ],
        "phrases": [
            {**asdict(each), "initials": initials_of(each.text)}
            for each in sorted(catalogue.phrases.values(), key=lambda phrase: MOMENTS.index(phrase.moment))
        ],
        "real_names": _entries(names.real_names),
        "longest": {**LENGTHS, "": LONGEST},
        "chase_ways": _entries(names.chase_ways),
        "caller_kinds": _entries(names.caller_kinds),
        "stages": _entries(names.stages),
        "acts": _entries(names.acts),
        "limits": _entries(names.limits),
        "left": _entries(names.left),
        "roles": _entries(names.roles),
        "fact_names": dict(names.fields),
        "units": [_unit_entry(unit, sees_phones=sees_phones or key in own) for key, unit in policy.units.items()],
        "attachments": {"kinds": [kind.mime for kind in KINDS], "endings": [end for kind in KINDS for end in kind.endings],
                        "largest": LARGEST_BYTES, "most": MOST},
    }  # fmt: skip


def told_unit(unit: Unit, data: Mapping[str, object], at: float, policy: Policy, *, is_own: bool) -> Told:
    """A unit with who is on duty there at that moment; `is_own`: it differs from the file."""
    duty = [{"name": each.name, "phone": each.phone} for each in on_duty(unit, at, policy.calendar)]
    return {"key": unit.key, **data, "is_own": is_own, "on_duty": duty, "initials": initials_of(unit.name)}


def told_suggestion(found: Suggestion, line: str, at: float, policy: Policy, names: Names) -> Told:
    """A unit that a matter may be for, with why in words, and whom to telephone there now."""
    unit = policy.units[found.unit]
    reasons = [{"kind": each.kind, "value": each.value, "words": _reason(each, line, policy, names)} for each in found.reasons]
    return {
        "unit": unit.key, "name": unit.name, "score": found.score, "reasons": reasons,
        "words": names.joined(str(each["words"]) for each in reasons),
        "contacts": [each.model_dump() for each in unit.contacts], "phones": list(unit.phones),
        "on_duty": [{"name": each.name, "phone": each.phone} for each in on_duty(unit, at, policy.calendar)],
    }  # fmt: skip


def _reason(reason: Reason, line: str, policy: Policy, names: Names) -> str:
    catalogue = policy.catalogue
    name: Callable[[str], str] = {
        "field": lambda key: catalogue.field_name(line, key), "class": lambda key: catalogue.class_name(line, key),
        "area": lambda key: catalogue.areas.get(key, ""), "word": lambda word: word,
    }[reason.kind]  # fmt: skip
    return names.reasons[reason.kind].format(value=name(reason.value) or reason.value)


def _entries(names: Mapping[str, str]) -> list[Told]:
    return [{"key": key, "name": name, "initials": initials_of(name)} for key, name in names.items()]


def _unit_entry(unit: Unit, *, sees_phones: bool) -> Told:
    return {
        "key": unit.key, "name": unit.name, "initials": initials_of(unit.name), "parent": unit.parent or None,
        "phones": list(unit.phones) if sees_phones else [], "is_active": unit.is_active, "only_reads": unit.only_reads,
    }  # fmt: skip
