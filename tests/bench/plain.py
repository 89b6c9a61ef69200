"""Owns the peers of the telephony benchmarks: Asterisks with the hotline's own modules and trunk, and nobody beside them."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from asterisk_conf.render import render_pbx
from hotline_core.adapters.ports import Ports
from hotline_core.adapters.secrets import load_or_make
from hotline_core.settings import DEFAULT_CITY, Settings, load_city
from ivr.menu import MENUS_FOLDER, load_menus
from launcher import fetch
from launcher.lifeline import dying_with_us
from launcher.programs import Programs
from tests.bench.plain_dialplan import bare_dialplan, menus_in_dialplan
from tests.running.instance import Hotline, free_ports

START_S = 60.0
STOP_S = 10.0
NO_MANAGER = "[general]\nenabled = no\n"

Dialplan = Callable[[Settings], str]


class PlainAsterisk:
    """A running Asterisk of `plain_asterisk`."""

    def __init__(self, home: Path, programs: Programs, process: subprocess.Popen[bytes], sip_port: int) -> None:
        self.sip = ("127.0.0.1", sip_port)
        self.pid = process.pid
        self._programs = programs
        self._configuration = home / "asterisk/etc/asterisk.conf"

    def console(self, command: str) -> str:
        """The answer to a command of its console; subprocess.CalledProcessError while it does not listen."""
        argv = [*self._programs.argv("asterisk"), "-C", str(self._configuration), "-rx", command]
        return subprocess.run(argv, capture_output=True, text=True, timeout=START_S, check=True).stdout


def bare(settings: Settings) -> str:
    """Menus and talks, and nothing else."""
    return bare_dialplan(list(load_menus(MENUS_FOLDER).values()), settings.paths.played_prompts, settings.paths.spool)


def own_with_menus(settings: Settings) -> str:
    """The hotline's own dialplan, journal and all, which leads callers through the menus by itself."""
    text = (settings.paths.asterisk / "etc/extensions.conf").read_text(encoding="utf-8")
    return menus_in_dialplan(text, list(load_menus(MENUS_FOLDER).values()), settings.paths.played_prompts)


@contextmanager
def plain_asterisk(beside: Hotline, dialplan: Dialplan, place: int = 1, *, has_manager: bool = False) -> Iterator[PlainAsterisk]:
    """Beside a hotline as its `place`th peer, with ports and a folder of its own; ended and removed at the end of the block.

    With `has_manager` its AMI is switched on as in the hotline, and nobody logs in.
    """
    programs = fetch.fetched(beside.settings.cache)
    assert programs is not None, "the programs are unpacked where a hotline runs"
    home = Path(tempfile.mkdtemp(prefix="hb", dir="/tmp"))
    sip_port = _configure(home, programs, beside, dialplan, place, has_manager)
    try:
        with (home / "asterisk.out").open("wb") as out:
            argv = [*programs.argv("asterisk"), "-f", "-C", str(home / "asterisk/etc/asterisk.conf")]
            process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=out, stderr=out, preexec_fn=dying_with_us())
        try:
            plain = PlainAsterisk(home, programs, process, sip_port)
            _wait_until_booted(plain, process, home / "asterisk.out")
            yield plain
        finally:
            process.terminate()
            process.wait(STOP_S)
    finally:
        shutil.rmtree(home)


def _configure(home: Path, programs: Programs, beside: Hotline, dialplan: Dialplan, place: int, has_manager: bool) -> int:
    """The hotline's configuration, but for its dialplan, and with nobody listening; gives the SIP port."""
    _, sip, ami, http = free_ports()
    first = 10000 + (beside.settings.rtp_first_last[0] - 10000 + 1000 * place) % 20000
    settings = Settings(
        home=home, demo=True, sip_port=sip, ami_port=ami, http_port=http, rtp_ports=f"{first}-{first + 399}", media_loopback=True,
    )  # fmt: skip
    secrets, spare = load_or_make(settings.paths.secrets), free_ports()
    render_pbx(settings, load_city(DEFAULT_CITY), secrets, Ports(asterisk_http=spare[2], carrier_sip=spare[1]), programs)
    etc = settings.paths.asterisk / "etc"
    own = {"extensions.conf": dialplan(settings), "cli.conf": ""} | ({} if has_manager else {"manager.conf": NO_MANAGER})
    for name, content in own.items():
        (etc / name).write_text(content, encoding="utf-8")
    return sip


def _wait_until_booted(plain: PlainAsterisk, process: subprocess.Popen[bytes], output: Path) -> None:
    ends_at = time.monotonic() + START_S
    while time.monotonic() < ends_at:
        assert process.poll() is None, f"the plain Asterisk ended: {output.read_text(errors='replace')[-1500:]}"
        try:
            plain.console("core waitfullybooted")
        except subprocess.CalledProcessError:
            time.sleep(0.1)  # its console is not there yet
        else:
            return
    raise AssertionError(f"no plain Asterisk within {START_S} s: {output.read_text(errors='replace')[-1500:]}")
