"""Owns the sentence of a notice: what a person of its audience reads, from its kind and facts and the words of names.yaml; pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, get_args

from tickets.limits import Limit, Measure
from tickets.names import Names
from tickets.policy import Policy

_MEASURES = get_args(Measure)


def sentence_of(kind: str, facts: Mapping[str, Any], names: Names, policy: Policy) -> str:
    """The sentence in Chinese; empty for a kind that this version does not know."""
    unit = policy.units.get(str(facts.get("unit", "")))
    words = {
        "unit": unit.name if unit else "",
        "limit": names.limits.get(str(facts.get("limit", "")), ""),
        "length": _length(facts, policy),
        "into": str(facts.get("into", "")),
        "fields": names.listed(names.fields.get(str(each), "") for each in facts.get("fields", ())),
        "lane": names.lanes.get(str(facts.get("lane", "")), ""),
    }
    text = names.notices.get(f"{kind}_{facts.get('limit', '')}") or names.notices.get(kind, "")
    return text.format_map(words)


def _length(facts: Mapping[str, Any], policy: Policy) -> str:
    amount = facts.get("amount")
    measure = next((each for each in _MEASURES if each == facts.get("measure")), None)
    if not isinstance(amount, int) or measure is None:
        return ""
    return policy.wording.limit(Limit(amount, measure))
