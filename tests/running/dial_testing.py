"""Dial-tests of a running hotline as the probe makes them, and the ways to make a hotline deaf, dumb or dead for them."""

from __future__ import annotations

import re
import shutil
import wave
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from asterisk_conf.probe_account import probe_account
from hotline_core.adapters import clock
from hotline_core.adapters.secrets import load_or_make
from hotline_core.domain.dial_tests import DialTest
from hotline_core.log import open_log
from hotline_core.settings import load_city
from ivr.sound_file import write_silence
from probe.dialling import dial_test
from probe.expected import expected
from tests.running.instance import Hotline
from tests.sip.ports import free_port


def rung(city: Hotline, number: str = "12328") -> DialTest:
    """One dial-test, as the probe makes it, without its further tries; this city wants agents."""
    settings = city.settings
    told = load_city(settings.paths.city)
    account = probe_account(told, load_or_make(settings.paths.secrets), settings.paths.home, city.ports().carrier_sip)
    return dial_test(
        account, number, number, expected(told, settings.paths.own_prompts), agents_expected=True, now=clock.now,
        is_ending=lambda: False, log=open_log("test"),
    )  # fmt: skip


@contextmanager
def dead_trunk(city: Hotline) -> Iterator[None]:
    """The carrier sends our calls to where nobody listens."""
    nowhere = f"contact = sip:127.0.0.1:{free_port('127.0.0.1')}"
    with changed(city, "carrier", "pjsip.conf", r"contact = sip:127.0.0.1:\d+", nowhere, "module reload res_pjsip.so"):
        yield


@contextmanager
def dead_queue(city: Hotline) -> Iterator[None]:
    """app_queue has lost the lines' queue."""
    with changed(city, "asterisk", "queues.conf", r"(?s)\[hotline\].*?(?=\n\[)", "", "queue reload all"):
        yield


@contextmanager
def changed(city: Hotline, which: str, name: str, old: str, new: str, *commands: str) -> Iterator[None]:
    """A file of an Asterisk is changed and loaded, and put back and loaded afterwards."""
    path = city.home / which / "etc" / name
    before = path.read_text(encoding="utf-8")
    assert re.search(old, before)
    try:
        path.write_text(re.sub(old, new, before), encoding="utf-8")
        for command in commands:
            city.asterisk(command, which)
        yield
    finally:
        path.write_text(before, encoding="utf-8")
        for command in commands:
            city.asterisk(command, which)


@contextmanager
def played_instead(city: Hotline, key: str, other: Path | None) -> Iterator[None]:
    """What Asterisk plays for a prompt is another recording, or silence of the same length."""
    path = city.settings.paths.played_prompts / f"{key}.wav"
    before = path.read_bytes()
    try:
        if other is not None:
            shutil.copyfile(other, path)
        else:
            with wave.open(str(path)) as sound:
                frames = sound.getnframes()
            with wave.open(str(write_silence(path)), "wb") as silent:
                silent.setparams((1, 2, 8000, 0, "NONE", "not compressed"))
                silent.writeframes(bytes(frames * 2))
        yield
    finally:
        path.write_bytes(before)
