"""`make run`: from settings to a ringing desk, then waits for Enter or a signal, then ends all it started."""

from __future__ import annotations

import fcntl
import os
import resource
import select
import subprocess
import sys
import time
from pathlib import Path
from typing import TextIO

from hotline_core.adapters import ports as ports_file
from hotline_core.adapters.ports import Ports
from hotline_core.adapters.secrets import load_or_make
from hotline_core.errors import SetupError
from hotline_core.settings import Paths, Settings, load_city, load_settings
from launcher import checks, databases, fetch, front, lifeline, parts, readiness
from launcher.call import place_call
from launcher.programs import Programs
from launcher.texts import complain, say, sentence, write

READY_TIMEOUT_S = 60.0
POLL_S = 0.05
LOCK_WAIT_S = 9.0  # an instance whose launcher was killed ends within 8 s by itself
OPEN_FILES = 65536


def run() -> int:
    """Bring it up, keep it up, end it; the exit code for make."""
    started = time.monotonic()
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
    settings = load_settings()
    city = load_city(settings.city_file)
    paths = settings.paths
    checks.check_folder(paths.home, "odd_folder", "HOTLINE_HOME")
    checks.check_folder(settings.cache, "odd_folder", "HOTLINE_CACHE")
    checks.check_folder(parts.CHECKOUT, "odd_checkout", "")
    checks.make_home(settings)
    with (paths.run / "launcher.lock").open("a+") as lock:
        _lock(lock, paths)
        checks.check_ports(settings)
        from asterisk_conf.render import module_names, render_carrier, render_pbx

        programs = fetch.obtain(settings.cache, module_names())
        secrets = load_or_make(paths.secrets)
        ports = _choose_ports(settings)
        for refused in render_pbx(settings, city, secrets, ports, programs):
            what = sentence("mistakes", refused.code, about=refused.about)
            say("prompt_refused", file=refused.path, what=what)
        if settings.demo:
            render_carrier(settings, city, secrets, ports, programs)
        _write_configuration(settings, programs)
        databases.prepare(settings)
        say("start")
        supervisor = _start_supervisor(paths, lock)
        _wait_until_ready(settings, programs, supervisor)
        _welcome(settings, time.monotonic() - started)
        _wait_for_the_end(settings, supervisor)


def _lock(lock: TextIO, paths: Paths) -> None:
    """One instance per HOTLINE_HOME; supervisord holds the lock too, so that a killed launcher's parts are waited for."""
    deadline = time.monotonic() + LOCK_WAIT_S
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            break
        except BlockingIOError:
            lock.seek(0)
            pid = lock.read().strip()
            if Path(f"/proc/{pid or 'none'}").exists() or time.monotonic() > deadline:
                raise SetupError("already_running", home=paths.home, pid=pid) from None
            time.sleep(0.1)
    lock.seek(0)
    lock.truncate()
    lock.write(f"{os.getpid()}\n")
    lock.flush()


def _choose_ports(settings: Settings) -> Ports:
    try:
        earlier: Ports | None = ports_file.read(settings.paths)
    except SetupError:
        earlier = None
    ports = checks.choose_ports(settings, earlier)
    ports_file.write(settings.paths, ports)
    return ports


def _write_configuration(settings: Settings, programs: Programs) -> None:
    paths = settings.paths
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    open_files = OPEN_FILES if hard == resource.RLIM_INFINITY else min(OPEN_FILES, hard)
    if soft == resource.RLIM_INFINITY or soft < open_files:
        resource.setrlimit(resource.RLIMIT_NOFILE, (open_files, hard))
    front.make_folders(settings)
    texts = {
        "redis.conf": parts.redis_conf(paths),
        "nginx.conf": front.nginx_conf(settings, open_files=open_files, user=front.worker_user()),
        "supervisord.conf": parts.supervisord_conf(paths, parts.parts_of(settings, programs)),
    }
    for name, text in texts.items():
        with os.fdopen(os.open(paths.run / name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as out:
            out.write(text)


def _start_supervisor(paths: Paths, lock: TextIO) -> subprocess.Popen[bytes]:
    for left in [*paths.run.glob("*.sock"), *paths.run.glob("*.sock.*")]:
        left.unlink(missing_ok=True)  # of a start that was killed
    with (paths.log / "supervisord.out").open("wb") as out:
        return subprocess.Popen(
            [sys.executable, "-m", "supervisor.supervisord", "-n", "-c", str(paths.run / "supervisord.conf")],
            cwd=parts.CHECKOUT, env=parts.environment_of_parts(os.environ), stdin=subprocess.DEVNULL, stdout=out, stderr=out,
            pass_fds=(lock.fileno(),), start_new_session=True, preexec_fn=lifeline.dying_with_us(),
        )  # fmt: skip


def _wait_until_ready(settings: Settings, programs: Programs, supervisor: subprocess.Popen[bytes]) -> None:
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
            _show_tail(settings.paths.log / "supervisord.out")
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
    """Until a signal raises Ended; Enter lets a citizen call. One look a second keeps adopted orphans buried."""
    listening = settings.demo
    attended = False
    while True:
        if supervisor.pid in lifeline.reap() or supervisor.poll() is not None:
            raise SetupError("supervisor_died", log=settings.paths.log / "supervisord.log")
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
