"""make check-config: every mistake with file, line and cure, in Chinese."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from hotline_core.settings import DEFAULT_CITY
from ivr.catalogue import RECORDINGS_FOLDER
from launcher.call import originate
from launcher.check_config import (
    city_mistakes,
    notice_mistakes,
    retention_mistakes,
    secret_mistakes,
    settings_mistakes,
    ticket_mistakes,
)

pytestmark = pytest.mark.unit


def test_the_city_that_comes_with_the_hotline_has_no_mistake() -> None:
    """What a city copies and changes is right to begin with."""
    assert city_mistakes(DEFAULT_CITY) == []


def test_all_mistakes_of_a_city_are_told_at_once_with_their_lines(tmp_path: Path) -> None:
    """An operator corrects the file in one go."""
    path = tmp_path / "city.yaml"
    lines = "lines:\n  '12328':\n    name: a\n    numbers: ['12328']\n    notice: n\n"
    path.write_text(f"name: x\n{lines}queue:\n  ring_s: 2\nfoo: 1\n")
    found = city_mistakes(path)
    assert [(mistake.line, mistake.what) for mistake in found] == [(8, "queue.ring_s 不能小于 5"), (9, "foo 没有这个配置项")]


def test_a_line_without_the_sound_of_its_notice_is_told(tmp_path: Path) -> None:
    """Its callers would be recorded and not told."""
    path = tmp_path / "city.yaml"
    text = DEFAULT_CITY.read_text(encoding="utf-8").replace("notice: notice-12345", "notice: notice-12354")
    path.write_text(text, encoding="utf-8")
    [found] = notice_mistakes(path, RECORDINGS_FOLDER)
    assert "notice-12354" in text.splitlines()[found.line - 1]
    assert found.what == "线路 12345 的 notice notice-12354 没有录音"
    assert notice_mistakes(DEFAULT_CITY, RECORDINGS_FOLDER) == []


def test_rules_of_tickets_that_cannot_be_used_are_told_with_file_and_line(tmp_path: Path) -> None:
    """A profile that is nowhere by its line in the city's file; a wrong file of holidays by its name."""
    path = tmp_path / "city.yaml"
    text = DEFAULT_CITY.read_text(encoding="utf-8").replace('"12345": js-suqian-2020', '"12345": js-suqain')
    path.write_text(text, encoding="utf-8")
    [found] = ticket_mistakes(path, tmp_path)
    assert "js-suqain" in text.splitlines()[found.line - 1]
    assert found.what == "工单的规定不能使用（tickets.profiles.12345: no profile js-suqain）"
    year = tmp_path / "tickets" / "holidays" / "2027.yaml"
    year.parent.mkdir(parents=True)
    year.write_text("holidays: {元旦: 一月一日}\n", encoding="utf-8")
    assert [mistake.file for mistake in ticket_mistakes(DEFAULT_CITY, tmp_path)] == [str(year)]
    assert ticket_mistakes(DEFAULT_CITY, tmp_path / "nowhere") == []


def test_a_city_s_own_rules_of_keeping_are_told_with_their_line(tmp_path: Path) -> None:
    """Kept longer at least than at most; without such a file there is nothing to say."""
    path = tmp_path / "retention.yaml"
    assert retention_mistakes(path) == []
    ours = (Path(__file__).parents[2] / "recordings/retention.yaml").read_text(encoding="utf-8")
    path.write_text(ours.replace("training: {least: {years: 1}", "training: {least: {years: 9}"), encoding="utf-8")
    [found] = retention_mistakes(path)
    assert "training" in path.read_text(encoding="utf-8").splitlines()[found.line - 1]
    assert found.what.startswith("录音的保存期限不能使用（")


def test_broken_yaml_is_told_with_its_line(tmp_path: Path) -> None:
    """The file is named, and the line where reading stopped."""
    path = tmp_path / "city.yaml"
    path.write_text("name: x\nlines: [\n")
    assert [(mistake.file, mistake.line) for mistake in city_mistakes(path)] == [(str(path), 3)]


def test_a_missing_city_file_is_told(tmp_path: Path) -> None:
    """HOTLINE_CONFIG may name a file that is not there."""
    assert [mistake.cure for mistake in city_mistakes(tmp_path / "none.yaml")] == ["请改正路径或权限"]


def test_a_misspelt_variable_is_told_with_the_likely_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """A typing error must not be ignored in silence."""
    monkeypatch.setenv("HOTLINE_SIP_PORT", "many")
    _, found = settings_mistakes({"HOTLINE_HTPP_PORT": "1", "HOTLINE_SIP_PORT": "many", "PATH": "/bin"})
    assert [mistake.file for mistake in found] == ["HOTLINE_HTPP_PORT", "HOTLINE_SIP_PORT"]
    assert "HOTLINE_HTTP_PORT" in found[0].cure
    assert found[1].what == "应为整数"


def test_a_citizens_call_names_line_number_and_sentence() -> None:
    """The carrier's dialplan takes them apart again."""
    command = originate("12345", "13855700001", 2)
    assert command == "channel originate Local/12345-13855700001@dial-citizen/n extension 2@citizen-voice"


def test_make_alone_lists_what_it_can_do() -> None:
    """`make` is the help."""
    root = Path(__file__).resolve().parents[2]
    told = subprocess.run(["make", "-s"], cwd=root, capture_output=True, text=True, timeout=20, check=True).stdout
    targets = re.findall(r"^([a-z][a-z-]*):", (root / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    assert [line.split()[1] for line in told.splitlines()] == targets
    assert {"run", "call", "test"} <= set(targets)


def test_a_probe_whose_secret_cannot_be_read_is_told_with_its_line(tmp_path: Path) -> None:
    """As a trunk's: else the first one to learn of it would be the log."""
    probe = 'probe:\n  number: "05573020099"\n  account: {host: 192.0.2.20, user: "8001", secret_file: probe.secret}\n'
    path = tmp_path / "city.yaml"
    path.write_text(DEFAULT_CITY.read_text(encoding="utf-8") + probe, encoding="utf-8")
    [mistake] = secret_mistakes(path, tmp_path)
    assert "probe.secret" in mistake.what
    assert path.read_text(encoding="utf-8").splitlines()[mistake.line - 1].startswith("  account:")
