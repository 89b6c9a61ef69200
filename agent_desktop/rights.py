"""The rights table: which role may do which act; the table itself is data (rights.yaml)."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

from hotline_core.errors import SettingsError
from hotline_core.yaml_lines import load_yaml

Act = Literal[
    "see_calls",
    "see_full_numbers",
    "see_live",
    "see_day",
    "see_metrics",
    "use_phone",
    "call_back",
    "lead_floor",
    "write_draft",
    "listen_own",
    "listen_all",
    "manage_topics",
    "see_parties",
    "manage_parties",
    "make_tokens",
    "manage_people",
    "see_audit",
    "see_keeping",
    "manage_holds",
    "manage_training",
    "see_tickets",
    "see_unit_tickets",
    "write_ticket",
    "dispatch_ticket",
    "handle_ticket",
    "approve_extension",
    "decide_ticket",
    "archive_ticket",
    "note_ticket",
    "advise_ticket",
    "settle_dispute",
    "see_returns",
    "export_tickets",
    "file_tickets",
    "see_units",
    "manage_units",
    "manage_rules",
    "see_knowledge",
    "manage_knowledge",
]
Role = Literal["agent", "supervisor", "administrator", "auditor", "clerk", "unit", "unit_head", "service"]
ACTS: frozenset[str] = frozenset(get_args(Act))
ROLES: tuple[str, ...] = get_args(Role)
TABLE = Path(__file__).with_name("rights.yaml")


@dataclass(frozen=True, slots=True)
class Rights:
    """A complete role x act table."""

    table: dict[str, frozenset[str]]

    def may(self, role: str, act: Act) -> bool:
        """True when `role` may do `act`; an unknown role may do nothing."""
        return act in self.table.get(role, frozenset())

    def acts_of(self, role: str) -> frozenset[str]:
        """All that `role` may do."""
        return self.table.get(role, frozenset())


def load_rights(path: Path = TABLE) -> Rights:
    """Read the table; SettingsError when a role is missing or an act is unknown."""
    data = load_yaml(path.read_text(encoding="utf-8"))
    roles = {str(role): frozenset(str(act) for act in acts) for role, acts in data["roles"].items()}
    wrong = sorted({act for acts in roles.values() for act in acts} - ACTS) + sorted(set(roles) ^ set(ROLES))
    if wrong or set(data["acts"]) != ACTS:
        raise SettingsError(file=str(path), line=0, what=f"unknown or missing: {wrong}", cure="every role once, known acts only")
    return Rights(roles)
