"""A file that an installation writes is there whole, with its owner and mode, or not at all."""

from __future__ import annotations

import os
import pwd
from pathlib import Path, PurePosixPath

import pytest

from launcher.install.files import InstalledFile, below, write

pytestmark = pytest.mark.unit

ME = pwd.getpwuid(os.geteuid()).pw_name


def _file(text: str = "a\n", mode: int = 0o640) -> InstalledFile:
    return InstalledFile(PurePosixPath("/etc/hotline/one.conf"), text, mode, ME)


def test_a_file_is_written_with_its_mode_beneath_the_root_it_is_meant_for(tmp_path: Path) -> None:
    """An installation into a bare root file system touches nothing else."""
    assert write([_file()], tmp_path) == [_file()]
    target = tmp_path / "etc/hotline/one.conf"
    assert target.read_text() == "a\n"
    assert target.stat().st_mode & 0o7777 == 0o640
    assert [path.name for path in target.parent.iterdir()] == ["one.conf"]


def test_an_installation_that_is_repeated_writes_only_what_changed(tmp_path: Path) -> None:
    """The text, the mode or a link in its place count as changes."""
    write([_file()], tmp_path)
    assert write([_file()], tmp_path) == []
    assert write([_file("b\n")], tmp_path) == [_file("b\n")]
    assert write([_file("b\n", 0o600)], tmp_path) == [_file("b\n", 0o600)]
    target = below(tmp_path, _file().path)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.write_text("b\n")
    target.unlink()
    target.symlink_to(elsewhere)
    assert write([_file("c\n", 0o600)], tmp_path) != []
    assert elsewhere.read_text() == "b\n"
    assert not target.is_symlink()


def test_a_file_for_somebody_who_does_not_exist_is_not_left_half_written(tmp_path: Path) -> None:
    """The service's user is made first."""
    file = InstalledFile(PurePosixPath("/etc/x"), "a", 0o600, "nobody-of-that-name")
    with pytest.raises(LookupError):
        write([file], tmp_path)
    assert list((tmp_path / "etc").iterdir()) == []


@pytest.mark.parametrize("path", ["etc/x", "/etc/../root/x"])
def test_a_path_that_could_lead_elsewhere_is_refused(path: str) -> None:
    """Only absolute paths, without a way up."""
    with pytest.raises(ValueError, match="absolute"):
        InstalledFile(PurePosixPath(path), "")
