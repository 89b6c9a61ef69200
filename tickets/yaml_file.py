"""Owns reading one YAML file, with its mistakes told by file and line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from hotline_core.errors import SettingsError
from hotline_core.yaml_lines import load_yaml


def read_yaml(path: Path) -> Any:
    """The data of the file; SettingsError with file and line when it cannot be read."""
    try:
        return load_yaml(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        what = str(getattr(error, "strerror", None) or "not UTF-8")
        raise SettingsError(file=str(path), line=0, what=what, cure="make the file readable, in UTF-8") from error
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        what = str(getattr(error, "problem", None) or "not YAML")
        raise SettingsError(file=str(path), line=mark.line + 1 if mark else 0, what=what, cure="mend the YAML") from error
