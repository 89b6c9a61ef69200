"""`python -m agent_desktop.token ROLE [SYSTEM]`: makes a service token and prints it alone; SYSTEM: whose tickets it may file."""

from __future__ import annotations

import sys

from sqlalchemy.exc import DBAPIError

from agent_desktop.rights import ROLES
from agent_desktop.tokens import SYSTEM, Tokens
from hotline_core.adapters.clock import now
from hotline_core.adapters.engine import make_engine
from hotline_core.errors import HotlineError
from hotline_core.settings import load_settings


def main(arguments: list[str]) -> int:
    """Make one token; the exit code."""
    role, system = (*arguments, "", "")[:2]
    if len(arguments) > 2 or role not in ROLES:
        sys.stderr.write(f"usage: python -m agent_desktop.token ROLE [SYSTEM], with one of: {', '.join(ROLES)}\n")
        return 2
    if system and not SYSTEM.fullmatch(system):
        sys.stderr.write("SYSTEM: a small letter, then small letters, digits, - and _, at most 40 in all\n")
        return 2
    try:
        engine = make_engine(load_settings().tickets_url, durable=True)
    except HotlineError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    try:
        token = Tokens(engine).make(role, actor="operator", now=now(), system=system)
    except DBAPIError as error:
        sys.stderr.write(f"the tickets database does not answer or is not migrated ({type(error.orig).__name__}); run make run\n")
        return 1
    finally:
        engine.dispose()
    sys.stdout.write(f"{token}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
