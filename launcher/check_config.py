"""`make check-config`: every mistake in HOTLINE_*, in the city's file and in the menus, with file, line and cure."""

from __future__ import annotations

import difflib
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import yaml
from pydantic import ValidationError
from pydantic_core import ErrorDetails

from hotline_core.adapters.trunk_secret import read_secret, secret_path
from hotline_core.city import City
from hotline_core.errors import SettingsError, SetupError
from hotline_core.settings import Settings, load_city, load_settings
from hotline_core.yaml_lines import compose_yaml, line_of
from ivr.catalogue import RECORDINGS_FOLDER
from ivr.check import Fault, faults
from ivr.menu import MENUS_FOLDER, Menu, MenuError, load_menu, load_menus, menu_files, recording_lengths
from ivr.own_prompts import chosen
from launcher.texts import known, sentence, write
from recordings.policy_data import load_editions
from tickets.policy import load_policy


@dataclass(frozen=True, slots=True)
class Mistake:
    """One thing to correct; line 0 means that the file has no lines (an environment variable)."""

    file: str
    line: int
    what: str
    cure: str


def check_config() -> int:
    """Print all mistakes, or a summary when there are none; the exit code."""
    settings, mistakes = all_mistakes(os.environ)
    if not mistakes and settings is not None:
        _summary(settings, load_city(settings.city_file))
        return 0
    write(sentence("progress", "config_bad", count=len(mistakes)))
    for mistake in mistakes:
        key = "at_line" if mistake.line else "at"
        write("　" + sentence("mistakes", key, file=mistake.file, line=mistake.line, what=mistake.what, cure=mistake.cure))
    return 1


def all_mistakes(environment: Mapping[str, str]) -> tuple[Settings | None, list[Mistake]]:
    """The settings if they can be used, and every mistake in them, the city's file, menus, recordings and rules of tickets."""
    settings, mistakes = settings_mistakes(environment)
    if settings is not None:
        of_city = city_mistakes(settings.city_file)
        mistakes += of_city
        if not of_city:  # a menu can only be judged by a city that can be read
            mistakes += secret_mistakes(settings.city_file, settings.home)
            mistakes += notice_mistakes(settings.city_file, RECORDINGS_FOLDER)
            mistakes += menu_mistakes(MENUS_FOLDER, RECORDINGS_FOLDER, load_city(settings.city_file))
            mistakes += prompt_mistakes(MENUS_FOLDER, RECORDINGS_FOLDER, settings.paths.own_prompts)
            mistakes += ticket_mistakes(settings.city_file, settings.home)
        mistakes += retention_mistakes(settings.paths.retention)
    return settings, mistakes


def settings_mistakes(environment: Mapping[str, str]) -> tuple[Settings | None, list[Mistake]]:
    """The settings if they can be used, and what is wrong with them, unknown variables and unreadable files included."""
    mistakes = [_unknown(name) for name in sorted(environment) if name.startswith("HOTLINE_") and name not in _variables()]
    settings: Settings | None = None
    try:
        settings = load_settings()
    except SettingsError as error:
        cause = error.__cause__
        details = cause.errors() if isinstance(cause, ValidationError) else []
        mistakes += [_of_variable(detail) for detail in details]
    if settings is not None:
        for name in ("tls_cert", "tls_key"):
            path: Path | None = getattr(settings, name)
            if path is not None and not os.access(path.expanduser(), os.R_OK):
                what = f"{sentence('mistakes', 'unreadable')} {path}"
                mistakes.append(Mistake(f"HOTLINE_{name.upper()}", 0, what, sentence("mistakes", "make_readable")))
    return settings, mistakes


def city_mistakes(path: Path) -> list[Mistake]:
    """All mistakes in the city's file, each with its line."""
    try:
        load_city(path)
    except SettingsError as error:
        cause = error.__cause__
        if not isinstance(cause, ValidationError):
            cure = sentence("mistakes", "make_readable" if isinstance(cause, OSError) else "correct_line")
            line = error.facts.get("line")
            return [Mistake(str(path), line if isinstance(line, int) else 0, str(error.facts.get("what")), cure)]
        node = compose_yaml(path.read_text(encoding="utf-8"))
        return [_of_city(path, node, detail) for detail in cause.errors()]
    return []


def secret_mistakes(path: Path, home: Path) -> list[Mistake]:
    """All trunks, and the probe's account, whose secret cannot be had, each with the line that names its file."""
    node = compose_yaml(path.read_text(encoding="utf-8"))
    city = load_city(path)
    named: dict[tuple[str, ...], str] = {}
    named |= {("trunks", name, "login"): trunk.login.secret_file for name, trunk in city.trunks.items() if trunk.login}
    if city.probe is not None and city.probe.account is not None:
        named["probe", "account"] = city.probe.account.secret_file
    found: list[Mistake] = []
    for where, secret_file in named.items():
        try:
            read_secret(secret_path(home, secret_file))
        except SetupError as error:
            line = line_of(node, [*where, "secret_file"])
            what = sentence("mistakes", error.code, **error.facts)
            found.append(Mistake(str(path), line, what, sentence("mistakes", f"{error.code}-cure", **error.facts)))
    return found


def menu_mistakes(folder: Path, recordings: Path, city: City) -> list[Mistake]:
    """All mistakes in the menus; one that cannot be read is told with the line where reading stopped."""
    prompts = recording_lengths(recordings)
    parties = {name: party.kind for name, party in city.outside_parties.items() if party.menu}
    found: list[Mistake] = []
    for path in menu_files(folder):
        try:
            menu = load_menu(path)
        except MenuError as error:
            found.append(Mistake(str(path), error.line, error.what, error.cure))
            continue
        found += [_of_menu(path, menu, fault) for fault in faults(menu, prompts, parties, city.queues_of(menu.line))]
    return found


def notice_mistakes(path: Path, recordings: Path) -> list[Mistake]:
    """The lines whose notice has no recording: without a bridge their callers would be recorded and not told."""
    node = compose_yaml(path.read_text(encoding="utf-8"))
    prompts, cure = recording_lengths(recordings), sentence("mistakes", "correct_line")
    found: list[Mistake] = []
    for key, line in load_city(path).lines.items():
        if line.notice not in prompts:
            what = sentence("mistakes", "no_notice", line=key, about=line.notice)
            found.append(Mistake(str(path), line_of(node, ["lines", key, "notice"]), what, cure))
    return found


def prompt_mistakes(menus: Path, shipped: Path, own: Path) -> list[Mistake]:
    """The city's own recordings that callers would not hear; none while a menu cannot be read."""
    try:
        _, refused = chosen(shipped, own, load_menus(menus).values())
    except MenuError:
        return []  # told by menu_mistakes
    cure = sentence("mistakes", "sound-cure")
    return [Mistake(str(each.path), 0, sentence("mistakes", each.code, about=each.about), cure) for each in refused]


def ticket_mistakes(path: Path, home: Path) -> list[Mistake]:
    """The first mistake in the rules of tickets: the city's choice of profiles, or a file of HOTLINE_HOME/tickets."""
    try:
        load_policy(home, load_city(path))
    except SettingsError as error:
        what, where = sentence("mistakes", "ticket_rules", about=error.facts["what"]), error.facts.get("where")
        cure = sentence("mistakes", "ticket_rules-cure")
        if isinstance(where, tuple):
            node = compose_yaml(path.read_text(encoding="utf-8"))
            return [Mistake(str(path), line_of(node, [str(part) for part in where]), what, cure)]
        line = error.facts.get("line")
        return [Mistake(str(error.facts["file"]), line if isinstance(line, int) else 0, what, cure)]
    return []


def retention_mistakes(path: Path) -> list[Mistake]:
    """The first mistake in the city's own rules of how long recordings are kept."""
    try:
        load_editions(path)
    except SettingsError as error:
        what, line = sentence("mistakes", "retention", about=error.facts["what"]), error.facts.get("line")
        return [Mistake(str(path), line if isinstance(line, int) else 0, what, sentence("mistakes", "retention-cure"))]
    return []


def _of_menu(path: Path, menu: Menu, fault: Fault) -> Mistake:
    what, cure = f"{fault.node}: {fault.what}", fault.cure
    if known("mistakes", fault.code):
        what = sentence("mistakes", fault.code, node=fault.node, about=fault.about)
        cure = sentence("mistakes", f"{fault.code}-cure", node=fault.node, about=fault.about)
    return Mistake(str(path), menu.lines.get(fault.node, 0), what, cure)


def _of_city(path: Path, node: yaml.Node | None, detail: ErrorDetails) -> Mistake:
    where = [str(part) for part in detail["loc"] or detail.get("ctx", {}).get("where", ())]
    what = f"{'.'.join(where)} {_wording(detail)}" if where else _wording(detail)
    kind = detail["type"]
    cure = sentence("mistake_cures", kind) if known("mistake_cures", kind) else sentence("mistakes", "correct_line")
    return Mistake(str(path), line_of(node, where), what, cure)


def _of_variable(detail: ErrorDetails) -> Mistake:
    name = "_".join(str(part) for part in detail["loc"]).upper()
    return Mistake(f"HOTLINE_{name}" if name else "HOTLINE_*", 0, _wording(detail), sentence("mistakes", "correct_variable"))


def _unknown(name: str) -> Mistake:
    close = difflib.get_close_matches(name, _variables(), n=1)
    cure = sentence("mistakes", "did_you_mean", guess=close[0]) if close else sentence("mistakes", "remove_variable")
    return Mistake(name, 0, sentence("mistakes", "unknown_variable"), cure)


def _variables() -> list[str]:
    return [f"HOTLINE_{name.upper()}" for name in Settings.model_fields]


def _wording(detail: ErrorDetails) -> str:
    kind = detail["type"]
    if known("mistake_types", kind):
        return sentence("mistake_types", kind, **detail.get("ctx", {}))
    return detail["msg"].removeprefix("Value error, ")


def _summary(settings: Settings, city: City) -> None:
    text = sentence(
        "progress", "config_ok", name=city.name, file=settings.city_file, home=settings.home, origin=settings.origin,
        lines="；".join(f"{line.name} {'、'.join(line.numbers)}" for line in city.lines.values()), first=city.phones.first,
        last=city.phones.last, duty=len(city.duty_telephones), parties=len(city.outside_parties), trunks=len(city.trunks),
        sip_port=settings.sip_port, rtp_ports=settings.rtp_ports,
    )  # fmt: skip
    write(text.rstrip())
