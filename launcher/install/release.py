"""The code in force: a copy of the checkout under the digest of its content, with an environment of its own, and a link to it."""

from __future__ import annotations

import hashlib
import os
import shutil
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from hotline_core.errors import SetupError

LEFT_OUT = frozenset({
    ".git", ".venv", "build", "tests", "__pycache__", ".mypy_cache", ".ruff_cache", ".pytest_cache", ".import_linter_cache",
    ".hypothesis", "complete",
})  # fmt: skip
KEPT = 3  # releases, the one in force and those before it: parts that have not been restarted yet still read theirs
TIMEOUT_S = 1500


def sources(checkout: Path) -> Iterator[Path]:
    """All files that belong to a release, in order, relative to the checkout."""
    for folder, folders, names in os.walk(checkout):
        folders[:] = sorted(name for name in folders if name not in LEFT_OUT)
        for name in sorted(names):
            path = Path(folder, name)
            if name not in LEFT_OUT and path.is_file() and not path.is_symlink() and not name.endswith(".pyc"):
                yield path.relative_to(checkout)


def digest(checkout: Path) -> str:
    """What the code is: names, contents and what may be executed."""
    told = hashlib.sha256(sys.version.encode())
    for path in sources(checkout):
        file = checkout / path
        is_program = bool(file.stat().st_mode & stat.S_IXUSR)
        told.update(f"{path}\0{is_program}\0{file.stat().st_size}\0".encode())
        told.update(file.read_bytes())
    return told.hexdigest()[:12]


def lay(checkout: Path, releases: Path) -> Path:
    """The release of this checkout, made where it is not there yet; readable for everybody, writable for root alone.

    SetupError when its packages cannot be had.
    """
    target = releases / digest(checkout)
    if not (target / "complete").is_file():
        shutil.rmtree(target, ignore_errors=True)
        for path in sources(checkout):
            copy = target / path
            copy.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
            shutil.copyfile(checkout / path, copy)
            copy.chmod(0o755 if (checkout / path).stat().st_mode & stat.S_IXUSR else 0o644)
        _copy_environment(releases, target)
        _run([_base_python(), "-I", str(target / "launcher/bootstrap.py"), "run", "--", "-c", "pass"], target)
        _run([str(target / ".venv/bin/python"), "-m", "compileall", "-q", "-x", r"/\.venv/", str(target)], target)
        (target / "complete").touch()
    return target


def _copy_environment(releases: Path, target: Path) -> None:
    """Take the packages of an earlier release that pins the same ones: an upgrade then needs no network.

    The bootstrap looks at them afterwards all the same, and makes the environment itself where there is none to take.
    """
    wanted = (target / "requirements/run.lock").read_bytes()
    for earlier in sorted(releases.iterdir(), key=lambda each: each.stat().st_mtime, reverse=True):
        if (earlier / "complete").is_file() and (earlier / "requirements/run.lock").read_bytes() == wanted:
            shutil.copytree(earlier / ".venv", target / ".venv", symlinks=True)
            return


def put_in_force(release: Path, link: Path) -> bool:
    """Point the link to this release, at once; False when it was so already."""
    if link.is_symlink() and link.resolve() == release.resolve():
        return False
    draft = link.with_name(f".{link.name}.new")
    draft.unlink(missing_ok=True)
    draft.symlink_to(release)
    draft.replace(link)
    return True


def remove_old(releases: Path, in_force: Path, kept: int = KEPT) -> list[Path]:
    """Remove all but the newest whole releases and the one in force; those that were removed."""
    others = sorted((each for each in releases.iterdir() if each != in_force), key=lambda each: each.stat().st_mtime, reverse=True)
    whole = [each for each in others if (each / "complete").is_file()]
    removed = [each for each in others if each not in whole[: kept - 1]]
    for old in removed:
        shutil.rmtree(old)
    return removed


def check_python() -> None:
    """SetupError when the service's user could not run this Python: it lies in somebody's home."""
    path = Path(_base_python()).resolve()
    for folder in path.parents:
        if not folder.stat().st_mode & stat.S_IXOTH:
            raise SetupError("python_private", python=path, folder=folder)


def _base_python() -> str:
    python: str = sys._base_executable  # type: ignore[attr-defined]  # what this venv was made of
    return python


def _run(argv: list[str], folder: Path) -> None:
    done = subprocess.run(argv, cwd=folder, stdin=subprocess.DEVNULL, timeout=TIMEOUT_S, check=False)
    if done.returncode != 0:
        raise SetupError("release_failed", folder=folder)
