"""`python -m agent_desktop.accounts demo|add`: people on the command line, with random passwords."""

from __future__ import annotations

import argparse
import os
import secrets
import sys
from dataclasses import dataclass
from pathlib import Path

import yaml
from sqlalchemy.exc import DBAPIError, IntegrityError

from agent_desktop.auth import LOGIN, Passwords
from agent_desktop.people import People, Person
from agent_desktop.rights import ROLES
from hotline_core.adapters.clock import now
from hotline_core.adapters.engine import make_engine
from hotline_core.errors import HotlineError
from hotline_core.settings import Settings, load_city, load_settings

DEMO_PEOPLE = Path(__file__).with_name("demo_people.yaml")
OPERATOR = "operator"
# No letters that look alike on paper.
ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"


@dataclass(frozen=True, slots=True)
class DemoPerson:
    """One person of the demo as the data file tells it."""

    login: str
    name: str
    role: str
    extension: str = ""


@dataclass(frozen=True, slots=True)
class Demo:
    """The demo's people and the words of the accounts file."""

    heading: str
    roles: dict[str, str]
    people: tuple[DemoPerson, ...]


def random_password() -> str:
    """Twelve letters and digits in three groups, about 59 bits."""
    letters = [secrets.choice(ALPHABET) for _ in range(12)]
    return "-".join("".join(letters[start : start + 4]) for start in (0, 4, 8))


def load_demo(path: Path = DEMO_PEOPLE) -> Demo:
    """Read the data file."""
    data = yaml.safe_load(path.read_text(encoding="utf-8"))
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
            made = Person(person.login, person.name, person.role, person.extension, passwords.hashed(password))
            people.add(made, actor=OPERATOR, now=at)
        lines.append(f"{person.login}  {password}  {demo.roles[person.role]}  {person.extension or '-'}  {person.name}\n")
    write_private(settings.paths.accounts, demo.heading + "".join(lines))
    return True


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner can read, whole or not at all."""
    draft = path.with_name(path.name + ".new")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as out:
        out.write(text)
        out.flush()
        os.fsync(out.fileno())
    draft.replace(path)


def add(settings: Settings, people: People, passwords: Passwords, person: DemoPerson, at: float) -> str:
    """Add one person; the password, shown once."""
    city = load_city(settings.city_file)
    if not LOGIN.fullmatch(person.login):
        raise ValueError("a login has 1 to 64 of a-z, 0-9, dot, dash and underscore")
    if not person.name.strip() or len(person.name) > 60 or not person.name.isprintable():
        raise ValueError("a name has 1 to 60 printable characters")
    if person.extension and person.extension not in city.phones.extensions:
        raise ValueError(f"extension {person.extension} is not one of phones in {settings.city_file}")
    password = random_password()
    made = Person(person.login, person.name, person.role, person.extension, passwords.hashed(password))
    people.add(made, actor=OPERATOR, now=at)
    return password


def main(arguments: list[str]) -> int:
    """Do what the command line asks; the exit code."""
    parser = argparse.ArgumentParser(prog="python -m agent_desktop.accounts")
    acts = parser.add_subparsers(dest="act", required=True)
    acts.add_parser("demo", help="the demo's people, in demo mode only")
    adding = acts.add_parser("add", help="add a person; prints the password once")
    adding.add_argument("--login", required=True)
    adding.add_argument("--name", required=True)
    adding.add_argument("--role", required=True, choices=ROLES)
    adding.add_argument("--extension", default="")
    asked = parser.parse_args(arguments)
    try:
        settings = load_settings()
        if asked.act == "demo" and not settings.demo:
            sys.stderr.write("demo accounts exist in demo mode only: set HOTLINE_DEMO=1, or use `add`\n")
            return 2
        engine = make_engine(settings.tickets_url, durable=True)
        try:
            if asked.act == "demo":
                make_demo(settings, People(engine), Passwords(), now())
            else:
                person = DemoPerson(asked.login, asked.name, asked.role, asked.extension)
                sys.stdout.write(add(settings, People(engine), Passwords(), person, now()) + "\n")
        finally:
            engine.dispose()
    except IntegrityError:
        sys.stderr.write("this login or extension is taken\n")
        return 1
    except (HotlineError, ValueError) as error:
        sys.stderr.write(f"{error}\n")
        return 2
    except DBAPIError as error:
        sys.stderr.write(f"the tickets database does not answer or is not migrated ({type(error.orig).__name__}); run make run\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
