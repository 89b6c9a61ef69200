"""The bootstrap's decisions: when .venv is up to date, and what it tells when it cannot go on."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

import pytest

from launcher import bootstrap

pytestmark = pytest.mark.unit


def _checkout(folder: Path, lock: bytes) -> Path:
    (folder / "requirements").mkdir()
    (folder / "requirements/run.lock").write_bytes(lock)
    (folder / ".venv").mkdir()
    return folder


def test_a_fresh_clone_needs_its_packages(tmp_path: Path) -> None:
    """Without a stamp nothing is taken for installed."""
    assert bootstrap.outdated(_checkout(tmp_path, b"a==1\n"), ["run"]) == ["run"]


def test_a_second_start_installs_nothing(tmp_path: Path) -> None:
    """The stamp of the same lock and the same Python means: up to date."""
    checkout = _checkout(tmp_path, b"a==1\n")
    (checkout / ".venv/stamp-run").write_text(bootstrap.stamp_of(b"a==1\n", sys.version))
    assert bootstrap.outdated(checkout, ["run"]) == []


def test_a_changed_lock_or_another_python_asks_for_an_installation(tmp_path: Path) -> None:
    """Either makes the stamp worthless."""
    checkout = _checkout(tmp_path, b"a==2\n")
    (checkout / ".venv/stamp-run").write_text(bootstrap.stamp_of(b"a==1\n", sys.version))
    assert bootstrap.outdated(checkout, ["run"]) == ["run"]
    assert bootstrap.stamp_of(b"a", "3.11.2") != bootstrap.stamp_of(b"a", "3.12.1")


def test_the_number_of_packages_is_told_not_the_number_of_hashes() -> None:
    """Hash lines and comments are not packages."""
    lock = "# made by pip-compile\na==1 \\\n    --hash=sha256:00\nb==2 ; x == 'y' \\\n    --hash=sha256:11\n"
    assert bootstrap.package_count(lock) == 2


def test_the_reason_told_is_the_last_error_of_the_program() -> None:
    """A person needs the error, not the progress around it."""
    assert bootstrap.last_line("Reading lists\nE: Unable to locate package x\nW: later\n") == "E: Unable to locate package x"
    assert bootstrap.last_line("one\ntwo.\n") == "two"
    assert bootstrap.last_line("") == "?"


def test_every_sentence_the_bootstrap_can_say_exists() -> None:
    """Each key used in the source has its sentence, and no sentence is left over."""
    source = Path(bootstrap.__file__).read_text(encoding="utf-8")
    used = set(re.findall(r'(?:tell|Refusal|sentence)\(\s*"(\w+)"', source))
    texts = json.loads(Path(bootstrap.__file__).with_name("bootstrap.texts.json").read_text(encoding="utf-8"))
    assert used == set(texts)


def test_the_bootstrap_needs_nothing_but_python() -> None:
    """It runs before anything is installed: standard library only."""
    source = Path(bootstrap.__file__).read_text(encoding="utf-8")
    imported = set(re.findall(r"^(?:import|from) (\w+)", source, re.MULTILINE))
    assert imported <= set(sys.stdlib_module_names)


def test_no_lock_file_names_an_index_host() -> None:
    """Where packages come from is the machine's choice."""
    for lock in (bootstrap.CHECKOUT / "requirements").glob("*.lock"):
        text = lock.read_text(encoding="utf-8")
        assert "--index-url" not in text, lock.name
        assert "--find-links" not in text, lock.name
