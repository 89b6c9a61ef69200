"""The doctor's report: every finding has its sentence and its cure; a check that hangs or fails is a finding too."""

from __future__ import annotations

import ast
import json
import re
import string
from pathlib import Path

import pytest
import yaml

import doctor
from backup.shelf import Backup
from doctor import texts
from doctor.checks import (
    backups,
    certificate,
    clocks,
    disk,
    parts,
    redis_server,
    telephony,
)
from doctor.checks.certificate import Certificate
from doctor.examine import examine
from doctor.finding import Finding, bad, good, is_healthy, note, skipped
from doctor.report import for_people, for_programs
from doctor.subject import Subject
from hotline_core.city import City
from hotline_core.settings import Settings

pytestmark = pytest.mark.unit

FOLDER = Path(doctor.__file__).parent
TEXTS = yaml.safe_load((FOLDER / "texts.yaml").read_text(encoding="utf-8"))
DAY_S = 86_400.0
NOW = 1_795_000_000.0
LOG = Path("log")
LEVELS = ("good", "note", "bad", "skipped")


def city(**trunks: dict[str, object]) -> City:
    """A city with these trunks."""
    line = {"name": "x", "numbers": ["12345"], "notice": "n"}
    return City.model_validate({"name": "x", "lines": {"12345": line}, "trunks": trunks})


def test_every_finding_in_the_source_has_a_sentence_and_every_cure_says_something() -> None:
    """Codes that are written out in a call of good, note, bad or skipped, against texts.yaml."""
    written = {f"{check}.{code}" for check, entries in TEXTS["findings"].items() for code in entries}
    said = {name for path in FOLDER.rglob("*.py") for name in _names_in(ast.parse(path.read_text(encoding="utf-8")))}
    assert len(said) > 70
    assert said - written == set()
    assert set(TEXTS["findings"]) == set(TEXTS["titles"])
    cures = [entry["cure"] for entries in TEXTS["findings"].values() for entry in entries.values() if not isinstance(entry, str)]
    assert all(cures)


def _names_in(tree: ast.Module) -> set[str]:
    """`check.code` of each finding that this module makes; a check's name is one of its constants."""
    constants: dict[str, str] = {}
    for statement in tree.body:
        if isinstance(statement, ast.Assign):
            target, value = statement.targets[0], statement.value
            names = target.elts if isinstance(target, ast.Tuple) else [target]
            values = value.elts if isinstance(value, ast.Tuple) else [value]
            for name, constant in zip(names, values, strict=False):
                if isinstance(name, ast.Name) and isinstance(constant, ast.Constant):
                    constants[name.id] = str(constant.value)
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in LEVELS:
            first = node.args[0]
            check = str(first.value) if isinstance(first, ast.Constant) else constants.get(getattr(first, "id", ""))
            codes = _codes_of(node.args[1]) if len(node.args) > 1 else ["fine"]
            found |= {f"{check}.{code}" for code in codes if check is not None}
    return found


def _codes_of(node: ast.expr) -> list[str]:
    if isinstance(node, ast.IfExp):
        return _codes_of(node.body) + _codes_of(node.orelse)
    return [str(node.value)] if isinstance(node, ast.Constant) else []


SAMPLES = [
    *certificate.examine(Subject(Settings(), None, None, {}, None, NOW)),
    certificate.judge(Certificate(0, 1, "x", False, True, ""), None, NOW, file=LOG),
    *parts.judge({"bridge": False}, None, log=LOG),
    *telephony.judge_trunks(city(a={"host": "192.0.2.1", "qualify_s": 5}), {}, {"trunk-a": "Unreachable"}, False),
    *disk.judge([disk.Volume((LOG,), 1, None, False), disk.Volume((LOG,), 900, 5, False), disk.Volume((LOG,), 900, None, False)]),
    backups.judge(Backup(LOG, NOW - DAY_S * 3, True), NOW, folder=LOG, is_beside=False, is_demo=False),
    *clocks.judge(False, {"calls": 3.0}, 70.0, is_demo=False),
    redis_server.judge("allkeys-lru", 0, 0, is_own=False),
]


@pytest.mark.parametrize("finding", SAMPLES, ids=lambda finding: str(finding.name))
def test_the_facts_of_a_finding_fill_its_sentence_and_its_cure(finding: Finding) -> None:
    """No brace is left, whatever is bad says what to do."""
    words = texts.words_of(finding)
    assert not re.search(r"[{}]", words.says + words.cure)
    assert bool(words.cure) is (finding.level in ("bad", "note"))


def test_every_fact_a_sentence_asks_for_is_a_name() -> None:
    """A sentence may not compute."""
    for entries in TEXTS["findings"].values():
        for entry in entries.values():
            for text in [entry] if isinstance(entry, str) else entry.values():
                assert all(name is None or name.isidentifier() for _, name, _, _ in string.Formatter().parse(text)), text


def test_the_report_has_a_line_for_each_finding_and_a_cure_below_what_needs_one() -> None:
    """Signs without a terminal, colours on one."""
    findings = [good("files", count=3), note("redis", "full", used_mb=1, most_mb=1), bad("parts", "down", part="bridge", log=LOG)]
    text = for_people(findings, home="h", is_coloured=False)
    lines = text.splitlines()
    assert [line[0] for line in lines[1:]] == ["✔", "！", " ", "✘", " ", "共"]
    assert "呼叫桥没有回应" in lines[4]
    assert "故障 1" in lines[-1]
    assert "\033[31m✘" in for_people(findings, home="h", is_coloured=True)


def test_programs_read_the_same_as_json() -> None:
    """Paths as text, numbers as numbers."""
    told = json.loads(for_programs([bad("parts", "down", part="bridge", log=LOG), good("files", count=3)], home="h", at=1.5))
    assert (told["healthy"], told["at"]) == (False, 1.5)
    assert told["findings"][0]["facts"] == {"part": "bridge", "log": "log"}
    assert told["findings"][1]["facts"] == {"count": 3}


def test_notes_and_what_could_not_be_examined_do_not_make_it_ill() -> None:
    """The exit code is for what is bad."""
    assert is_healthy([note("redis", "full"), skipped("redis", "not_started"), good("redis")])
    assert not is_healthy([good("redis"), bad("redis", "away")])


def test_a_check_that_hangs_fails_or_may_not_look_is_a_finding_and_the_others_go_on() -> None:
    """Each in its own thread, for a bounded time; an exception's text stays out of the report."""
    subject = Subject(Settings(), None, None, {}, None, NOW)

    def hangs(_: Subject) -> list[Finding]:
        import threading

        threading.Event().wait(30)
        return []

    def fails(_: Subject) -> list[Finding]:
        raise ValueError("13855700001")

    def is_denied(_: Subject) -> list[Finding]:
        return [good("files", count=len(list(Path("/proc/1/nowhere").iterdir())))]

    found = examine(subject, 0.3, {"a": hangs, "b": fails, "c": is_denied, "d": lambda _: [good("files", count=1)]})
    assert [finding.name for finding in found] == ["doctor.late", "doctor.broken", "doctor.denied", "files.fine"]
    assert "13855700001" not in for_people(found, home="h", is_coloured=False)
