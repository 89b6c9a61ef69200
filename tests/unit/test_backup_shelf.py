"""The shelf of backups as an operator sees it: which is the newest, which is proven, which may go."""

from __future__ import annotations

import json
from hashlib import sha256
from pathlib import Path

import pytest

from backup.shelf import DAY_S, MANIFEST, VERIFIED, Backup, backups, name_of, newest, too_old

pytestmark = pytest.mark.unit

NOON = 1_795_300_000.0


def put(shelf: Path, made_at: float, *, proven: bool = True) -> Path:
    """A backup as small as one can be."""
    folder = shelf / name_of(made_at)
    folder.mkdir(parents=True)
    (folder / MANIFEST).write_text(f'{{"made_at": {made_at}}}', encoding="ascii")
    if proven:
        told = {"manifest": sha256((folder / MANIFEST).read_bytes()).hexdigest()}
        (folder / VERIFIED).write_text(json.dumps(told), encoding="ascii")
    return folder


def test_the_newest_backup_is_told_with_its_age_and_proof(tmp_path: Path) -> None:
    put(tmp_path, NOON - DAY_S)
    folder = put(tmp_path, NOON, proven=False)
    assert newest(tmp_path) == Backup(folder, NOON, verified=False)
    assert [one.verified for one in backups(tmp_path)] == [True, False]


def test_an_empty_shelf_and_one_that_is_not_there_hold_no_backup(tmp_path: Path) -> None:
    assert newest(tmp_path) is None
    assert newest(tmp_path / "nothing") is None


def test_what_was_begun_and_not_ended_is_no_backup(tmp_path: Path) -> None:
    """A folder still named .part, one without a manifest, and what somebody else put there."""
    put(tmp_path, NOON).rename(tmp_path / f"{name_of(NOON)}.part")
    (tmp_path / name_of(NOON + 60)).mkdir()
    (tmp_path / "holiday-pictures").mkdir()
    assert newest(tmp_path) is None


def test_a_manifest_changed_after_the_proof_is_proven_no_more(tmp_path: Path) -> None:
    folder = put(tmp_path, NOON)
    (folder / MANIFEST).write_text("{}", encoding="ascii")
    found = newest(tmp_path)
    assert found is not None
    assert not found.verified


def test_old_backups_go_but_never_the_youngest_three_nor_the_last_proven_one(tmp_path: Path) -> None:
    ages = (1, 20, 31, 40, 50)
    kept = [Backup(tmp_path / str(age), NOON - age * DAY_S, verified=True) for age in ages]
    assert [one.folder.name for one in too_old(kept, NOON, 30)] == ["40", "50"]
    assert too_old(kept, NOON + 400 * DAY_S, 30)[0].folder.name == "40", "three stay, however old"
    doubtful = [Backup(one.folder, one.made_at, verified=one.folder.name == "50") for one in kept]
    assert [one.folder.name for one in too_old(doubtful, NOON, 30)] == ["40"]
