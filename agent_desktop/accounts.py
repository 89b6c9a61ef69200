"""`python -m agent_desktop.accounts`: people on the command line: list, add, change, disable, passwords shown once."""

from __future__ import annotations

import argparse
import os
import secrets
import sys
from collections.abc import Collection
from dataclasses import dataclass, replace
from pathlib import Path

from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError

from agent_desktop.auth import Passwords
from agent_desktop.knowledge.demo import make_demo_articles
from agent_desktop.people import People, Person
from agent_desktop.person_rules import check_fields, check_login
from agent_desktop.rights import ROLES
from asterisk_conf.telephones import KINDS, digest_of
from hotline_core.adapters.clock import now
from hotline_core.adapters.engine import make_engine
from hotline_core.errors import BadInput, Conflict, HotlineError, NotFound
from hotline_core.log import open_log
from hotline_core.settings import Settings, load_city, load_settings
from hotline_core.yaml_lines import load_yaml
from tickets.store.policy_keeper import PolicyKeeper

DEMO_PEOPLE = Path(__file__).with_name("demo_people.yaml")
OPERATOR = "operator"
# No letters that look alike on paper.
ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"
FIELDS = ("name", "role", "extension", "phone_kind", "unit")
TAKEN = "this login or extension is taken"
CONFLICTS = {
    "login_taken": TAKEN,
    "extension_taken": TAKEN,
    "last_administrator": "this is the last administrator who can come in; make another one first",
}


@dataclass(frozen=True, slots=True)
class DemoPerson:
    """One person of the demo as the data file tells it."""

    login: str
    name: str
    role: str
    extension: str = ""
    unit: str = ""


@dataclass(frozen=True, slots=True)
class Demo:
    """The demo's people and the words of the accounts file."""

    heading: str
    roles: dict[str, str]
    people: tuple[DemoPerson, ...]


def random_password(groups: int = 3) -> str:
    """Letters and digits in groups of four; three groups are about 59 bits, five about 99."""
    return "-".join("".join(secrets.choice(ALPHABET) for _ in range(4)) for _ in range(groups))


def new_telephone(people: People, login: str, *, actor: str, now: float) -> str:
    """A fresh password of a hardware telephone, kept only as its digest; BadInput (`no_hardware_telephone`), NotFound."""
    person = people.find(login)
    if person is None:
        raise NotFound("unknown_person", login=login)
    if person.phone_kind != "hardware" or not person.extension:
        raise BadInput("no_hardware_telephone", field="phone_kind")
    password = random_password(5)
    people.set_telephone(login, digest_of(person.extension, password), actor=actor, now=now)
    return password


def load_demo(path: Path = DEMO_PEOPLE) -> Demo:
    """Read the data file."""
    data = load_yaml(path.read_text(encoding="utf-8"))
    return Demo(heading=data["heading"], roles=data["roles"], people=tuple(DemoPerson(**person) for person in data["people"]))


def make_demo(settings: Settings, people: People, passwords: Passwords, at: float) -> bool:
    """Make the demo's people and the accounts file unless both are there; True when passwords were made.

    A password exists in clear only in that file: if the file or a person is missing, all of the demo's people get new ones.
    """
    demo = load_demo()
    known = {person.login for person in people.everybody()}
    if settings.paths.accounts.exists() and known >= {person.login for person in demo.people}:
        return False
    lines = []
    for person in demo.people:
        password = random_password()
        if person.login in known:
            people.set_password(person.login, passwords.hashed(password), actor=OPERATOR, now=at)
        else:
            made = Person(person.login, person.name, person.role, person.extension, passwords.hashed(password), unit=person.unit)
            people.add(made, actor=OPERATOR, now=at)
        lines.append(f"{person.login}  {password}  {demo.roles[person.role]}  {person.extension or '-'}  {person.name}\n")
    write_private(settings.paths.accounts, demo.heading + "".join(lines))
    return True


def make_whole_demo(settings: Settings, engine: Engine, at: float) -> None:
    """All that a demo begins with: its people, and articles where there are none."""
    make_demo(settings, People(engine), Passwords(), at)
    make_demo_articles(engine, at)


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner can read, whole or not at all."""
    draft = path.with_name(path.name + ".new")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as out:
        out.write(text)
        out.flush()
        os.fsync(out.fileno())
    draft.replace(path)


def change_of(asked: argparse.Namespace) -> dict[str, object]:
    """The fields the command line named."""
    fields: dict[str, object] = {name: getattr(asked, name) for name in FIELDS if getattr(asked, name) is not None}
    if asked.queues is not None:
        fields["queues"] = tuple(key for key in asked.queues.split(",") if key)
    return fields


def act(asked: argparse.Namespace, settings: Settings, engine: Engine, passwords: Passwords, at: float) -> str:
    """Carry out one act; what is to be printed. A running desk puts it in force within 5 s."""
    people, city = People(engine), load_city(settings.city_file)

    def units() -> Collection[str]:
        rules = PolicyKeeper(engine, settings.home, lambda: city, open_log("accounts", settings.log_level))
        rules.refresh()
        return rules.policy.units

    match asked.act:
        case "list":
            return "".join(line_of(person) for person in people.everybody())
        case "add":
            fields = {"name": "", "role": "", **change_of(asked)}
            check_login(asked.login)
            check_fields(fields, city.phones.extensions, city.queues, units)
            password = random_password()
            nobody = Person(asked.login, "", "", "", passwords.hashed(password))
            people.add(replace(nobody, **fields), actor=OPERATOR, now=at)  # type: ignore[arg-type] # check_fields saw them
            return f"{password}\n"
        case "change":
            fields = change_of(asked)
            check_fields(fields, city.phones.extensions, city.queues, units)
            return line_of(people.change(asked.login, fields, actor=OPERATOR, now=at))
        case "disable" | "enable":
            return line_of(people.set_disabled(asked.login, asked.act == "disable", actor=OPERATOR, now=at))
        case "remove":
            people.remove(asked.login, actor=OPERATOR, now=at)
        case "password":
            password = random_password()
            people.set_password(asked.login, passwords.hashed(password), actor=OPERATOR, now=at)
            return f"{password}\n"
        case "telephone":
            return f"{new_telephone(people, asked.login, actor=OPERATOR, now=at)}\n"
    return ""


def line_of(person: Person) -> str:
    """One person of the list, fields apart by tabs."""
    state = "disabled" if person.is_disabled else "enabled"
    fields = (person.login, person.name, person.role, person.extension or "-", ",".join(person.queues) or "-", person.phone_kind)
    return "\t".join((*fields, person.unit or "-", state)) + "\n"


def arguments_parser() -> argparse.ArgumentParser:
    """What the command line may ask."""
    parser = argparse.ArgumentParser(prog="python -m agent_desktop.accounts")
    acts = parser.add_subparsers(dest="act", required=True)
    acts.add_parser("demo", help="the demo's people and articles, in demo mode only")
    acts.add_parser("list", help="everybody, one a line")
    for name, told in (
        ("add", "add a person; prints the password once"), ("change", "change the fields that are given"),
        ("disable", "let a person in no more"), ("enable", "let a person in again"), ("remove", "forget a person"),
        ("password", "a new random password, printed once"),
        ("telephone", "a new password of the hardware telephone, printed once"),
    ):  # fmt: skip
        one = acts.add_parser(name, help=told)
        one.add_argument("--login", required=True)
        if name in ("add", "change"):
            one.add_argument("--name", required=name == "add")
            one.add_argument("--role", required=name == "add", choices=ROLES)
            one.add_argument("--extension", help="one of the city's phones; empty takes it away")
            one.add_argument("--queues", help="keys of the city's queues with commas between; empty is the first one")
            one.add_argument("--unit", help="key of the unit whose officer this is (roles unit, unit_head)")
            one.add_argument("--phone-kind", dest="phone_kind", choices=KINDS, help="page (browser) or hardware (SIP telephone)")
    return parser


def main(arguments: list[str]) -> int:
    """Do what the command line asks; the exit code."""
    asked = arguments_parser().parse_args(arguments)
    try:
        settings = load_settings()
        if asked.act == "demo" and not settings.demo:
            sys.stderr.write("demo accounts exist in demo mode only: set HOTLINE_DEMO=1, or use `add`\n")
            return 2
        engine = make_engine(settings.tickets_url, durable=True)
        try:
            if asked.act == "demo":
                make_whole_demo(settings, engine, now())
            else:
                sys.stdout.write(act(asked, settings, engine, Passwords(), now()))
        finally:
            engine.dispose()
    except Conflict as error:
        sys.stderr.write(f"{CONFLICTS.get(error.code, error.code)}\n")
        return 1
    except HotlineError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    except DBAPIError as error:
        sys.stderr.write(f"the tickets database does not answer or is not migrated ({type(error.orig).__name__}); run make run\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
