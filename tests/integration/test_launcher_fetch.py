"""Obtaining Asterisk, Redis and nginx from the machine's own Debian mirror, without root, into a cache."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from asterisk_conf.render import module_names
from hotline_core.errors import SetupError
from launcher import fetch, mirrors, programs

pytestmark = pytest.mark.integration


def _without_sources(_folder: Path) -> list[mirrors.Source]:
    return []


def _away(_folder: Path) -> list[mirrors.Source]:
    return [mirrors.Source("http://127.0.0.1:9/debian", "stable", ("main",), "")]


def test_a_bare_machine_gets_whole_programs_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Everything needed is there and runs, nothing else is left in the cache, and the next start downloads nothing."""
    got = fetch.obtain(tmp_path, module_names())
    assert programs.shortcoming(got, module_names()) == ""
    redis = subprocess.run([*got.argv("redis-server"), "--version"], capture_output=True, text=True, timeout=10, check=True)
    assert "Redis server" in redis.stdout
    assert sorted(path.name.split("-")[0] for path in tmp_path.iterdir()) == ["pbx", "pbx.lock"]
    monkeypatch.setattr(fetch, "_fetch", None)
    assert fetch.obtain(tmp_path, module_names()) == got


def test_what_an_ended_start_left_behind_is_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A half-made folder is never taken for a whole one and does not fill the disk."""
    (tmp_path / "part-old/rootfs").mkdir(parents=True)
    (tmp_path / f"pbx-{fetch._key()}").mkdir()
    monkeypatch.setattr(mirrors, "of_this_machine", _without_sources)
    with pytest.raises(SetupError) as refusal:
        fetch.obtain(tmp_path, module_names())
    assert refusal.value.code == "no_mirror"
    assert list(tmp_path.glob("part-*")) == []


def test_a_mirror_out_of_reach_is_told_with_apts_own_reason(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No traceback, no half cache: the reason, and the cache as before."""
    monkeypatch.setattr(mirrors, "of_this_machine", _away)
    with pytest.raises(SetupError) as refusal:
        fetch.obtain(tmp_path, module_names())
    assert refusal.value.code == "fetch_failed"
    assert refusal.value.facts["reason"]
    assert list(tmp_path.glob("p*-*")) == []


def test_an_asterisk_without_a_needed_module_is_refused(tmp_path: Path) -> None:
    """A build that lacks a module is told by name before anything is started."""
    assert programs.shortcoming(programs.Programs(tmp_path), module_names()) == "no asterisk"
    there = fetch.obtain(fetch_cache(), module_names())
    assert programs.shortcoming(there, [*module_names(), "res_nothing"]) == "no module res_nothing"


def fetch_cache() -> Path:
    """The cache that every other test uses, too."""
    from hotline_core.settings import load_settings

    return load_settings().cache
