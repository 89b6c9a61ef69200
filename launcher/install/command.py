"""`hotline TARGET [NAME=value …]` and `hotline -m MODULE …`: the same commands as in a checkout, as the service sees the world."""

from __future__ import annotations

import os
import pwd
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from hotline_core.errors import SetupError
from launcher.install import environment, layout
from launcher.parts import CHECKOUT, UMASK, environment_of_parts, own_python
from launcher.texts import complain

# These ask systemd, which only root may; everything else touches the service's data and must not leave files of root there.
AS_ROOT = frozenset({"restart"})


def main(arguments: Sequence[str]) -> int:
    """Become that command; 1 with one sentence when it cannot be."""
    try:
        _become(arguments)
    except SetupError as error:
        complain(error)
    return 1


def argv_of(arguments: Sequence[str], python: str, base_python: str) -> list[str]:
    """The command line: Python for `-m MODULE`, else make; without anything, make's own list."""
    if arguments[:1] == ["-m"]:
        return [python, *arguments]
    return ["make", "-s", "--no-print-directory", "-C", str(CHECKOUT), f"PYTHON={base_python}", *arguments]


def _become(arguments: Sequence[str]) -> NoReturn:
    if os.geteuid() != 0:
        raise SetupError("not_root", command=f"sudo {layout.COMMAND.name} {' '.join(arguments)}".strip())
    try:
        text = Path(layout.ENVIRONMENT).read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise SetupError("not_installed", file=layout.ENVIRONMENT) from error
    inherited = environment_of_parts({name: value for name, value in os.environ.items() if not name.startswith("HOTLINE_")})
    settings = {**inherited, **environment.read(text)}
    if "TERM" in os.environ:
        settings["TERM"] = os.environ["TERM"]
    os.umask(UMASK)
    if not AS_ROOT.intersection(arguments):
        user = pwd.getpwnam(layout.USER)
        os.initgroups(user.pw_name, user.pw_gid)
        os.setgid(user.pw_gid)
        os.setuid(user.pw_uid)
        settings.update(HOME=user.pw_dir, USER=user.pw_name)
    base_python: str = sys._base_executable  # type: ignore[attr-defined]  # what the venv was made of
    argv = argv_of(list(arguments), own_python(), base_python)
    os.execvpe(argv[0], argv, settings)  # noqa: S606 - no shell wanted


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
