"""Every refusal and progress line has its Chinese sentence, and its facts fit."""

from __future__ import annotations

import re
import string
from pathlib import Path

import pytest
import yaml

from hotline_core.errors import SettingsError, SetupError
from launcher import databases, front, parts, texts
from launcher.readiness import health_of

pytestmark = pytest.mark.unit

FOLDER = Path(texts.__file__).parent
SOURCES = "\n".join(path.read_text(encoding="utf-8") for path in FOLDER.rglob("*.py") if path.name != "bootstrap.py")
TEXTS = yaml.safe_load((FOLDER / "texts.yaml").read_text(encoding="utf-8"))


def _fields(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def _said(source: str, opening: str) -> dict[str, set[str]]:
    """For each call `opening("key", fact=...)` in the source: its key and the names of its facts."""
    found: dict[str, set[str]] = {}
    for match in re.finditer(opening + r'\(\s*"(\w+)"((?:[^()]|\([^()]*(?:\([^()]*\)[^()]*)*\))*)\)', source):
        found.setdefault(match.group(1), set()).update(re.findall(r"(\w+)=", match.group(2)))
    return found


def test_every_refusal_of_the_launcher_has_a_sentence_whose_facts_are_given() -> None:
    """A person never sees a bare code or a missing fact."""
    refusals = _said(SOURCES, "SetupError")
    assert len(refusals) > 10
    assert [key for key, facts in refusals.items() if _fields(TEXTS["refusals"][key]) - facts] == []


def test_every_progress_line_has_a_sentence_whose_facts_are_given() -> None:
    """What is said exists and fits."""
    said = _said(SOURCES, r"\bsay")
    assert len(said) > 10
    assert [key for key, facts in said.items() if _fields(TEXTS["progress"][key]) - facts] == []


def test_every_part_has_a_name_for_people() -> None:
    """A part that is down is told by name."""
    assert {"redis", "asterisk", "carrier", "bridge", "desk", "relay", "worker", "front"} <= set(TEXTS["parts"])
    assert set(databases.SCHEMAS) | {"accounts"} == set(TEXTS["steps"])


def test_a_refusal_is_one_line_with_its_cure(capsys: pytest.CaptureFixture[str]) -> None:
    """The sentence names the port and the variable that moves it; nothing else is printed."""
    texts.complain(SetupError("port_busy", port=8328, protocol="TCP", variable="HOTLINE_HTTP_PORT", free=62000))
    texts.complain(SettingsError(file="city.yaml", line=3, what="名称缺失", cure="补上"))
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 2
    assert "8328" in lines[0]
    assert "HOTLINE_HTTP_PORT" in lines[0]
    assert lines[1] == "city.yaml 第 3 行有误：名称缺失。补上。"


def test_health_is_the_desks_word_and_not_the_fronts() -> None:
    """nginx's own 502 page is no health; 503 tells the parts that are not there yet."""
    assert health_of(502, b"<html>502 Bad Gateway</html>") is None
    starting = health_of(503, b'{"state":"starting","parts":{"worker":{"state":"down","since":1}}}')
    assert starting is not None
    assert not starting.ready
    assert starting.parts == {"worker": "down"}


def test_migrations_run_again_when_a_migration_or_the_database_changes(tmp_path: Path) -> None:
    """The stamp covers the files and the address, and the address cannot be read from it."""
    (tmp_path / "versions").mkdir()
    (tmp_path / "versions/0001.py").write_text("a = 1")
    first = databases.stamp_of(tmp_path, ("versions",), "postgresql://u:secret@h/d")
    assert databases.stamp_of(tmp_path, ("versions",), "postgresql://u:secret@h/d") == first
    assert databases.stamp_of(tmp_path, ("versions",), "sqlite:///x") != first
    (tmp_path / "versions/0001.py").write_text("a = 2")
    assert databases.stamp_of(tmp_path, ("versions",), "postgresql://u:secret@h/d") != first
    assert "secret" not in first


def test_the_worker_of_the_front_may_enter_the_home_of_root() -> None:
    """As root nginx would change to `nobody`, who may not reach the sockets."""
    assert front.worker_user() in (None, "root root")
    assert parts.CHECKOUT.joinpath("launcher").is_dir()
