"""`make run`: from settings to a ringing desk, then waits for Enter or a signal, then ends all it started."""

from __future__ import annotations

import os
import select
import subprocess
import sys
import time
from pathlib import Path
from typing import TextIO

from hotline_core.errors import SetupError
from hotline_core.settings import Paths, Settings
from launcher import lifeline, lock, parts, readiness
from launcher.call import place_call
from launcher.prepare import check, prepare, write_private
from launcher.programs import Programs
from launcher.texts import complain, say, sentence, write
from launcher.words import LastWords

READY_TIMEOUT_S = 60.0
POLL_S = 0.05
TAIL_LINES = 5


def run() -> int:
    """Bring it up, keep it up, end it; the exit code for make."""
    started = time.monotonic()
    os.umask(parts.UMASK)  # what is made from here on is closed to other users, whatever the folder above it lets through
    lifeline.end_on_signals()
    lifeline.adopt_orphans()
    try:
        _bring_up_and_wait(started)
    except lifeline.Ended:
        return 0
    except SetupError as error:
        complain(error)
        return 1
    finally:
        _end()
    return 0


def _end() -> None:
    lifeline.ignore_signals()
    if lifeline.children():
        ending = time.monotonic()
        say("stopping")
        lifeline.end_children()
        say("stopped", seconds=time.monotonic() - ending)


def _bring_up_and_wait(started: float) -> None:
    settings, city = check()
    paths = settings.paths
    with lock.open_lock(paths) as held:
        lock.take_alone(held, paths)
        programs = prepare(settings, city, is_first=True)
        write_private(paths.run / "supervisord.conf", parts.supervisord_conf(paths, parts.parts_of(settings, programs)))
        say("start")
        supervisor, words = _start_supervisor(paths, held)
        _wait_until_ready(settings, programs, supervisor, words)
        _welcome(settings, time.monotonic() - started)
        _wait_for_the_end(settings, supervisor)


def _start_supervisor(paths: Paths, held: TextIO) -> tuple[subprocess.Popen[bytes], LastWords]:
    # Not into a file: where supervisord cannot write a log it complains here, and where it cannot complain it dies, with all parts.
    ours, theirs = os.pipe()
    supervisor = subprocess.Popen(
        [sys.executable, "-m", "supervisor.supervisord", "-n", "-c", str(paths.run / "supervisord.conf")],
        cwd=parts.CHECKOUT, env=parts.environment_of_parts(os.environ), stdin=subprocess.DEVNULL, stdout=theirs, stderr=theirs,
        pass_fds=(held.fileno(),), start_new_session=True, preexec_fn=lifeline.dying_with_us(),
    )  # fmt: skip
    os.close(theirs)
    return supervisor, LastWords(os.fdopen(ours, "rb"))


def _wait_until_ready(
    settings: Settings, programs: Programs, supervisor: subprocess.Popen[bytes], words: LastWords
) -> None:
    begun = time.monotonic()
    waiting = readiness.probes(settings, programs)
    total = len(waiting)
    while True:
        if len(waiting) == total:
            # supervisord starts its programs after the first second or the first connection, whichever comes first
            readiness.listens_at(settings.paths.supervisor_socket)
        for name in [name for name, probe in waiting.items() if probe()]:
            del waiting[name]
            say("part_up", part=sentence("parts", name), seconds=time.monotonic() - begun)
        health = readiness.health(settings) if not waiting else None
        if health is not None and health.ready:
            return
        if supervisor.poll() is not None:
            write("\n".join(words.lines(1.0)[-TAIL_LINES:]))
            raise SetupError("supervisor_died", log=settings.paths.log / "supervisord.log")
        if time.monotonic() - begun > READY_TIMEOUT_S:
            _tell_who_is_down(settings, list(waiting), health)
        time.sleep(POLL_S)


def _tell_who_is_down(settings: Settings, waiting: list[str], health: readiness.Health | None) -> None:
    log = settings.paths.log
    down = waiting or [name for name, state in (health.parts if health else {"desk": "down"}).items() if state != "up"]
    for name in down:
        _show_tail(log / f"{name}.log")
    names = "、".join(sentence("parts", name) for name in down) or "?"
    raise SetupError("part_down", seconds=READY_TIMEOUT_S, parts=names, folder=log)


def _show_tail(log: Path) -> None:
    if lines := readiness.log_tail(log):
        write(f"--- {log}")
        write("\n".join(lines))


def _welcome(settings: Settings, seconds: float) -> None:
    say("ready", seconds=seconds, origin=settings.origin, home=settings.home)
    if not settings.demo:
        say("production_ready")
        return
    accounts = settings.paths.accounts
    if accounts.is_file():
        lines = accounts.read_text(encoding="utf-8").splitlines()
        say("accounts_are", file=accounts, accounts="\n".join(f"　　{line}" for line in lines))
    say("press_enter" if _has_terminal() else "no_terminal")


def _has_terminal() -> bool:
    """True when a person can press Enter here: a terminal whose foreground we are."""
    try:
        return os.isatty(0) and os.tcgetpgrp(0) == os.getpgrp()
    except OSError:
        return False


def _wait_for_the_end(settings: Settings, supervisor: subprocess.Popen[bytes]) -> None:
    """Until a signal raises Ended; Enter lets a citizen call. One look a second ends and buries what dead parts left behind."""
    listening = settings.demo
    attended = False
    while True:
        if supervisor.pid in lifeline.reap() or supervisor.poll() is not None:
            raise SetupError("supervisor_died", log=settings.paths.log / "supervisord.log")
        lifeline.end_orphans(supervisor.pid)
        if attended and not os.isatty(0) and not lifeline.outlives_terminal():
            raise lifeline.Ended  # make, when it leads the session, keeps the terminal's SIGHUP to itself
        attended = _has_terminal()
        if not (listening and attended):
            time.sleep(1.0)
        elif select.select([0], [], [], 1.0)[0]:
            listening = _answer_enter(settings)


def _answer_enter(settings: Settings) -> bool:
    """Take what was typed and let a citizen call; False when nothing will be typed any more."""
    try:
        pressed = os.read(0, 4096)
    except OSError:
        pressed = b""
    if pressed:
        try:
            place_call(settings)
        except SetupError as error:
            complain(error)
    return bool(pressed)
