"""What a person's fields may be: checked before anything is stored; pure. Each mistake has its own code and names its field."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping

from agent_desktop.rights import ROLES
from asterisk_conf.telephones import KINDS
from hotline_core.errors import BadInput

LOGIN = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
OFFICERS = ("unit", "unit_head")  # the roles that belong to a unit
LONGEST_NAME = 60
SHORTEST_PASSWORD = 10
LONGEST_PASSWORD = 256


def check_login(login: str) -> None:
    """BadInput (`bad_login`) unless it can be a login."""
    if not LOGIN.fullmatch(login):
        raise BadInput("bad_login", field="login")


def check_fields(
    fields: Mapping[str, object], extensions: Collection[str], queues: Collection[str], units: Callable[[], Collection[str]]
) -> None:
    """BadInput for the first field of `fields` that cannot be; the rest is the city's, `units` only asked for if one is named."""
    if "name" in fields:
        name = str(fields["name"])
        if not name.strip() or len(name) > LONGEST_NAME or not name.isprintable():
            raise BadInput("bad_name", field="name")
    if "role" in fields and fields["role"] not in ROLES:
        raise BadInput("bad_role", field="role", known=", ".join(ROLES))
    unit = fields.get("unit") or ""
    if unit and unit not in units():
        raise BadInput("unknown_unit", field="unit", unit=unit)
    extension = fields.get("extension") or ""
    if extension and extension not in extensions:
        raise BadInput("unknown_extension", field="extension", extension=extension)
    wanted = fields.get("queues") or ()
    assert isinstance(wanted, tuple)
    for queue in wanted:
        if queue not in queues:
            raise BadInput("unknown_queue", field="queues", queue=queue, known=", ".join(queues))
    if len(set(wanted)) != len(wanted):
        raise BadInput("unknown_queue", field="queues", queue="", known=", ".join(queues))
    if "phone_kind" in fields and fields["phone_kind"] not in KINDS:
        raise BadInput("bad_phone_kind", field="phone_kind", known=", ".join(KINDS))


def settled_unit(role: str, unit: str, asked: Mapping[str, object]) -> str:
    """The unit that somebody of `role` has after the change `asked`: officers one, everybody else none.

    BadInput (`unit_needed`, `unit_for_officers`) when the change asks for something else; an officer from before there were
    units may keep none while role and unit are not touched.
    """
    if role in OFFICERS:
        if not unit and ("role" in asked or "unit" in asked):
            raise BadInput("unit_needed", field="unit")
        return unit
    if asked.get("unit"):
        raise BadInput("unit_for_officers", field="unit")
    return ""


def check_password(password: str, login: str) -> None:
    """BadInput (`weak_password`): ten characters at least, not the login, not one character again and again."""
    is_long = SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD
    if not is_long or len(set(password)) < 4 or login in password.lower():
        raise BadInput("weak_password", field="password", shortest=SHORTEST_PASSWORD)
