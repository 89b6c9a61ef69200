"""`python -m launcher part NAME`: this process becomes one part of the hotline, as systemd and containers start it."""

from __future__ import annotations

import fcntl
import os
from typing import NoReturn

from hotline_core.adapters import ports
from hotline_core.errors import SetupError
from hotline_core.settings import Settings, load_settings
from launcher import fetch, lock, parts
from launcher.prepare import allow_open_files
from launcher.programs import Programs


def become(name: str, *, logs_to_file: bool) -> NoReturn:
    """Never returns; SetupError for an unknown part, before `prepare`, or beside a `make run` in the same HOTLINE_HOME.

    `logs_to_file`: what the part prints goes to log/NAME.log, which is appended to.
    """
    settings = load_settings()
    ports.read(settings.paths)  # not prepared: no part could find another
    if name not in parts.NAMES:
        raise SetupError("unknown_part", name=name, known="、".join(parts.NAMES))
    part = parts.part_of(settings, _programs(settings), name)
    os.umask(parts.UMASK)
    # The part inherits the lock and holds it as long as it lives.
    held = lock.open_lock(settings.paths)
    lock.take_as_part(held, settings.paths)
    fcntl.fcntl(held, fcntl.F_SETFD, 0)
    allow_open_files()
    os.chdir(parts.CHECKOUT)
    if logs_to_file:
        _log_to_file(settings, name)
    os.execve(part.argv[0], part.argv, parts.environment_of_parts(os.environ))  # noqa: S606 - no shell wanted


def _programs(settings: Settings) -> Programs:
    from asterisk_conf.render import module_names

    if (programs := fetch.find(settings.cache, module_names())) is None:
        raise SetupError("not_prepared", home=settings.home)
    return programs


def _log_to_file(settings: Settings, name: str) -> None:
    """The part opens its log itself: a service manager would follow a link in that folder with root's rights."""
    log = os.open(settings.paths.log / f"{name}.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW, 0o600)
    os.dup2(log, 1)
    os.dup2(log, 2)
    os.close(log)
