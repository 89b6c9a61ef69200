"""Owns the peers' dialplans, pure: the bare one (menus and talks, nothing else), and the hotline's own with the menus in it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from ivr import menu as nodes
from ivr.menu import Menu

RECORDED, UNRECORDED = "8", "9"  # first digit of a talk's number; the other telephone's port follows


BRIDGE_LEADS = re.compile(r"^ same => n,AGI\(agi:async\)\n", re.MULTILINE)
BRIDGE_IS_ASKED_FOR = re.compile(r"^ same => n,GotoIf\(.*\?rescue,absent,1\)\n", re.MULTILINE)  # whether one is alive


def bare_dialplan(menus: Sequence[Menu], prompts: Path, spool: Path) -> str:
    """The text of extensions.conf: each line's number is its menu, 8PORT and 9PORT talk with the telephone at 127.0.0.1:PORT."""
    parts = [_HEAD, *(_line(menu, spool) for menu in menus), _talks(spool), *_menus(menus, prompts, "waiting")]
    return "\n".join(parts)


def menus_in_dialplan(hotline: str, menus: Sequence[Menu], prompts: Path) -> str:
    """The hotline's extensions.conf in which the dialplan itself leads callers through the menus; ValueError if it does not fit."""
    led, questions = BRIDGE_IS_ASKED_FOR.subn("", hotline)
    led, places = BRIDGE_LEADS.subn(" same => n,Goto(menu-${LINE},welcome,1)\n", led)
    if (questions, places) != (1, 1):
        raise ValueError("the hotline's dialplan no longer gives callers to the bridge as this benchmark knows it")
    return "\n".join([led, *_menus(menus, prompts, "wait")])


_HEAD = """; A plain Asterisk to be compared with. Rendered, do not edit.
[general]
static = yes
writeprotect = yes

[waiting]
exten => s,1,MusicOnHold(default,60)
 same => n,Hangup()

[from-trunk]"""


def _line(menu: Menu, spool: Path) -> str:
    """The notice is recorded as in a hotline: only what the citizen is sent."""
    return f"""exten => {menu.line},1,Answer()
 same => n,MixMonitor(,t({spool}/${{UNIQUEID}}-notice.wav)i(NOTICE_MONITOR))
 same => n,Goto(menu-{menu.line},{menu.start},1)"""


def _talks(spool: Path) -> str:
    """Recorded as in a hotline: a file for each side."""
    files = f"r({spool}/${{UNIQUEID}}-rx.wav)t({spool}/${{UNIQUEID}}-tx.wav)"
    dial = "Dial(PJSIP/trunk-demo/sip:agent@127.0.0.1:${EXTEN:1},20)"
    return f"""exten => _{RECORDED}X.,1,Answer()
 same => n,MixMonitor(,{files}Si(MAIN_MONITOR))
 same => n,{dial}
exten => _{UNRECORDED}X.,1,Answer()
 same => n,{dial}
"""


def _menus(menus: Sequence[Menu], prompts: Path, after: str) -> list[str]:
    """A context for each menu, an extension for each node; who leaves the menu goes to context `after`."""
    return [
        "\n".join([f"[menu-{menu.line}]", *(_node(name, node, prompts, after) for name, node in menu.nodes.items()), ""])
        for menu in menus
    ]


def _node(name: str, node: nodes.Node, prompts: Path, after: str) -> str:
    match node:
        case nodes.Ask():
            lines = [f"Read(KEY,{_files(node.say, prompts)},1,t,1,{node.wait_s:g})"]
            lines += [_goto_if(key, target) for key, target in (("", node.silence), *node.keys.items())]
            lines += [f"Goto({node.wrong},1)"]
        case nodes.Say():
            lines = [f"Playback({_files(node.say, prompts)})", f"Goto({node.then},1)"]
        case nodes.Connect() | nodes.Queue():
            lines = [f"Goto({after},s,1)"]
    return "\n".join([f"exten => {name},1,Set(KEY=)", *(f" same => n,{line}" for line in lines)])


def _goto_if(key: str, target: str) -> str:
    return f'GotoIf($["${{KEY}}" = "{key}"]?{target},1)'


def _files(keys: Sequence[str], prompts: Path) -> str:
    return "&".join(str(prompts / key) for key in keys)
