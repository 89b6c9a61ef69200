"""No number of a citizen stands in clear in any log of the hotline, Asterisk's own and the front's included."""

from __future__ import annotations

import asyncio
import json
import re
import signal
import socket

import httpx
import pytest

from tests.running.facts import stored_call
from tests.running.instance import Hotline
from tests.sip.agent import SipCaller

pytestmark = pytest.mark.asterisk

NUMBER = "13777654321"
NAME = "李四"
OWN = ("bridge", "desk", "relay", "worker", "front")
DIALPLAN_TROUBLE = re.compile(r"ast_expr2|func_\w+\.c|pbx_variables|pbx_functions|pbx_builtins|pbx\.c")
VEILED = re.compile(r"[0-9a-f]{10}\.\.21")


def logs(hotline: Hotline) -> dict[str, str]:
    """Every log file of the parts that a city runs, and what the launcher printed."""
    paths = [path for path in (hotline.home / "log").iterdir() if not path.name.startswith("carrier")]
    return {path.name: path.read_text(encoding="utf-8", errors="replace") for path in [*paths, hotline.home / "launcher.out"]}


def records(text: str) -> list[dict[str, object]]:
    """The lines of one of our own logs; each is one JSON object."""
    return [json.loads(line) for line in text.splitlines()]


async def test_a_callers_number_and_the_keys_pressed_are_in_no_log(hotline: Hotline) -> None:
    """A call with keys, one to an outside party, one to a number that is no line, broken SIP, a search."""
    async with SipCaller(hotline.sip, NUMBER, display=NAME) as phone:
        call = await phone.call("12328")
        await call.answered.within(5)
        await call.press("90817263")
        await call.listen(7)
        await call.hang_up()
        await (await phone.call("88880000")).wait_ended(5)
        quoted = (("P-Called-Party-ID", f'<sip:"{NUMBER}@hotline>'),)  # in an expression a syntax error, which Asterisk logs whole
        await (await phone.call("88880001", headers=quoted)).wait_ended(5)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as scanner:
        for text in (
            f"INVITE sip:12328@127.0.0.1 SIP/2.0\r\nFrom: \"{NAME}\" <sip:{NUMBER}@127.0.0.1\r\nCSeq: x\r\n\r\n",
            f"INVITE sip:{NUMBER}@@ SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1;branch=z9hG4bKa\r\nFrom: <sip:{NUMBER}>\r\n\r\n",
            f"{NUMBER} {NAME}\r\n\r\n",
            "INVITE sip:12328@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:9;branch=z9hG4bKb\r\n"
            f"From: \"{NAME}\" <sip:{NUMBER}@127.0.0.1>;tag=b\r\nTo: <sip:12328@127.0.0.1>\r\nCall-ID: b\r\n"
            f"Contact: <sip:{NUMBER}@127.0.0.1:9>\r\nContent-Length: 0\r\n\r\n",
        ):  # fmt: skip
            scanner.sendto(text.encode(), hotline.sip)
    with hotline.api() as api:
        assert (await asyncio.to_thread(api.get, "/api/calls", params={"caller": NUMBER})).status_code == 200
    texts = logs(hotline)
    assert "call record" in texts["bridge.log"], "the call itself is logged"
    for secret in (NUMBER, NAME, "90817263"):
        assert [name for name, text in texts.items() if secret in text] == []


async def test_every_record_of_a_call_is_one_line_with_the_calls_id_and_the_caller_veiled(hotline: Hotline) -> None:
    """All our own logs are JSON, a line an event; two calls of one number can be told to be of one number."""
    ids = []
    with hotline.api() as api:
        for _ in range(2):
            async with SipCaller(hotline.sip, NUMBER) as phone:
                call = await phone.call("12345")
                await call.answered.within(5)
                ids += hotline.callers()
                await call.hang_up()
            await stored_call(api, ids[-1], state="ended")
    texts = logs(hotline)
    for part in OWN:
        for told in records(texts[f"{part}.log"]):
            assert {"part", "level", "event", "timestamp"} <= set(told), told
            assert told["part"] == part
    of_calls = [told for told in records(texts["bridge.log"]) if told["event"] == "call record" and told["call_id"] in ids]
    kinds = {call_id: [told["kind"] for told in of_calls if told["call_id"] == call_id] for call_id in ids}
    assert all({"call_arrived", "call_ended"} <= set(found) for found in kinds.values()), kinds
    veils = {str(told["caller"]) for told in of_calls if "caller" in told}
    assert len(veils) == 1
    assert VEILED.fullmatch(veils.pop())


async def test_a_caller_who_waits_and_gives_up_causes_no_error_of_the_dialplan(hotline: Hotline) -> None:
    """No expression that cannot be computed, no function without a result: Asterisk only warns and goes on with nothing."""
    async with SipCaller(hotline.sip, NUMBER) as phone:
        call = await phone.call("12328")
        await call.answered.within(5)
        await call.press("0")
        await call.listen(3)
        await call.hang_up()
    troubles = [line for line in logs(hotline)["asterisk.log"].splitlines() if DIALPLAN_TROUBLE.search(line)]
    assert troubles == []


async def test_a_search_by_number_while_the_desk_is_dead_leaves_no_number_in_the_fronts_log(hotline: Hotline) -> None:
    """nginx itself would write the request with its query; what failed, and where, is told all the same."""
    hotline.signal("desk", signal.SIGKILL)
    failed = None
    for _ in range(100):
        failed = await asyncio.to_thread(httpx.get, f"{hotline.origin}/api/calls", params={"caller": NUMBER})
        if failed.status_code == 502:
            break
    assert failed is not None
    assert failed.status_code == 502
    await asyncio.to_thread(hotline.wait, hotline.is_ready, 30.0, "the desk is back")
    front = logs(hotline)["front.log"]
    assert NUMBER not in front
    assert ("/api/calls", 502) in [(one.get("place"), one.get("status")) for one in records(front)]
