"""Reads the units from their YAML file: the city's own where there is one, else the demo's."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

import yaml

from hotline_core.errors import BadInput, SettingsError
from hotline_core.yaml_lines import load_yaml
from tickets.units import Unit, check, unit_of

DEMO: Final = Path(__file__).with_name("units.yaml")
NAME: Final = "units.yaml"


def load_units(folder: Path | None = None) -> dict[str, Unit]:
    """The units of `folder`/units.yaml (HOTLINE_HOME/tickets), or the demo's; SettingsError names file, unit and field."""
    own = folder / NAME if folder is not None else DEMO
    path = own if own.is_file() else DEMO
    try:
        data = load_yaml(path.read_text(encoding="utf-8"))
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 0
        raise SettingsError(file=str(path), line=line, what="no YAML", cure=str(error.problem)) from None
    if not isinstance(data, Mapping):
        raise SettingsError(file=str(path), line=0, what="no units", cure="one key a unit, with its name below")
    units: dict[str, Unit] = {}
    key = ""
    try:
        for key, given in data.items():
            units[str(key)] = unit_of(str(key), given)
        check(units)
    except BadInput as error:
        what = f"unit {error.facts.get('unit', key)}: {error.facts['field']} cannot be used"
        raise SettingsError(file=str(path), line=0, what=what, cure="see docs/city.md, units") from None
    return units
