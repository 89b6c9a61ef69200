"""Who scans or guesses at the SIP port is banned from it by a real fail2ban; carriers, colleagues and this machine never are."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import Mapping
from typing import Any

import pytest
import pytest_asyncio

from launcher.install.bans import TRIES
from launcher.install.firewall import STRANGERS_PER_S
from tests.running.instance import CHECKOUT
from tests.security.ban_scene import COLLEAGUE, FORGER, GUESSER, SCANNER, TRUNK, VICTIM

pytestmark = pytest.mark.asterisk


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def facts() -> Mapping[str, Any]:
    """What happened in a namespace of its own, with Asterisk, fail2ban and nftables."""
    namespace = ["unshare", "--net", *([] if os.geteuid() == 0 else ["--map-root-user"])]
    scene = await asyncio.create_subprocess_exec(
        *namespace, sys.executable, "-m", "tests.security.ban_scene", cwd=CHECKOUT,
        stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    async with asyncio.timeout(150):
        out, complaints = await scene.communicate()
    assert scene.returncode == 0, complaints.decode(errors="replace")
    told: Mapping[str, Any] = json.loads(out)
    return told


def test_who_scans_and_who_guesses_a_password_are_banned_and_get_no_answer_any_more(facts: Mapping[str, Any]) -> None:
    """From Asterisk's own security log, by the files of `make install`, in nftables."""
    assert facts["scanner_first"].count("401") >= TRIES
    assert facts["guesser_first"].count("401") >= TRIES
    assert facts["scanner_banned"], facts["banned"]
    assert (facts["scanner_after"], facts["guesser_after"]) == ([], [])
    assert set(facts["banned"]) == {SCANNER, GUESSER}


def test_a_trunk_a_colleague_and_this_machine_are_never_banned_however_wrong_they_are(facts: Mapping[str, Any]) -> None:
    """Four times as many wrong answers as a stranger may give; the next call of the trunk is answered."""
    for who in ("trunk_wrong", "colleague", "loopback"):
        assert facts[who].count("401") >= 40
    assert {TRUNK, COLLEAGUE, "127.0.0.66"} & set(facts["banned"]) == set()
    assert all(len(answers) == 3 for answers in facts["others_after"].values()), facts["others_after"]
    assert facts["call"]


def test_a_ban_closes_the_sip_port_alone(facts: Mapping[str, Any]) -> None:
    """A source address can be forged: whoever is banned in an agent's name still reaches the pages."""
    assert facts["scanner_web"]
    assert "udp dport 5060 ip saddr @addr-set-hotline-sip drop" in facts["rules"]


def test_nobody_gets_another_banned_by_writing_an_event_into_a_call_id(facts: Mapping[str, Any]) -> None:
    """Asterisk escapes no quote and cuts a line at 8 kB: both are tried, the victim's address stands in the log."""
    assert len(facts["forger"]) >= TRIES
    assert facts["log"].count(f"IPV4/UDP/{VICTIM}/") >= TRIES
    assert {VICTIM, FORGER} & set(facts["banned"]) == set()


def test_a_flood_from_many_forged_addresses_neither_fills_the_log_nor_stops_a_call(facts: Mapping[str, Any]) -> None:
    """The firewall lets through what Asterisk can answer; a carrier that we ask or register with does not count."""
    flood = facts["flood"]
    let_through = 4 * STRANGERS_PER_S + STRANGERS_PER_S * (flood["seconds"] + 2)
    assert flood["sent"] > 10 * let_through
    assert 0 < flood["logged"] <= 2 * let_through
    assert flood["call"]


def test_the_number_that_a_stranger_claims_is_in_no_log(facts: Mapping[str, Any]) -> None:
    """A carrier's gateway that nobody has entered yet is a stranger, and its callers are citizens."""
    assert facts["log"].count('SecurityEvent="ChallengeSent"') > TRIES
    assert "13855709999" not in facts["log"]
    assert "13855709999" not in facts["asterisk"]
