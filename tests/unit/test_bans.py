"""The filter of bans finds in a line of Asterisk's security log the address that Asterisk wrote, or none; who is never banned."""

from __future__ import annotations

import configparser
import re

import pytest
import yaml
from hypothesis import given
from hypothesis import settings as limits
from hypothesis import strategies as some

from hotline_core.city import City
from hotline_core.settings import DEFAULT_CITY, Settings
from launcher.install.bans import ban_files, trusted

pytestmark = pytest.mark.unit

LOG = "/var/log/hotline/security.log"
REAL, FALSE = "203.0.113.66", "198.51.100.9"
LONGEST_LINE = 8191  # of Asterisk's logger
FORGED = f'",LocalAddress="IPV4/UDP/10.0.0.1/5060",RemoteAddress="IPV4/UDP/{FALSE}/5060",Challenge="'
PIECES = (
    FORGED, f'x{FORGED}a",Response="b', f'x{FORGED}"',
    '"', ",", "x", "y" * 100, "y" * 7000, 'AccountID="', '<unknown>"', 'SessionID="', 'LocalAddress="IPV4/UDP/10.0.0.1/5060"',
    f'RemoteAddress="IPV4/UDP/{FALSE}/5060"', 'Challenge="', '",', 'Response="', 'ExpectedResponse=""', '"ChallengeSent"', " ",
    "[2026-11-22 07:01:40.497] SECURITY[1] res_security_log.c: SecurityEvent=",
)  # fmt: skip
WORDS = some.lists(some.sampled_from(PIECES), max_size=14).map("".join)


def city(**trunk: object) -> City:
    trunks = {"trunks": {"one": trunk}} if trunk else {}
    return City.model_validate(yaml.safe_load(DEFAULT_CITY.read_text(encoding="utf-8")) | trunks)


def settings(**more: object) -> Settings:
    return Settings.model_validate({"demo": False, "security_log": LOG, **more})


def found(line: str) -> list[str]:
    """The addresses that the filter finds, read as fail2ban reads it."""
    text = next(file.text for file in ban_files(settings(), city()) if "filter.d" in str(file.path))
    words = configparser.ConfigParser()
    words.read_string(text)
    date = re.compile(words["Definition"]["datepattern"].replace("%Y-%m-%d %H:%M:%S\\.%f", r"[\d-]+ [\d:]+\.\d+"))
    if date.match(line) is None:
        return []
    patterns = [pattern.replace("<ADDR>", r"(?P<who>[0-9a-fA-F.:]+)") for pattern in words["Definition"]["failregex"].splitlines()]
    matches = [re.search(pattern.strip(), date.sub("", line, count=1)) for pattern in patterns]
    return [match["who"] for match in matches if match]


def event(kind: str, call_id: str, account: str = "<unknown>", tail: str = 'Challenge=""') -> str:
    head = '[2026-11-22 07:01:40.497] SECURITY[14558] res_security_log.c: SecurityEvent="'
    about = f'{kind}",EventTV="2026-11-22T07:01:40.497+0000",Severity="Error",Service="PJSIP",EventVersion="1"'
    link = f'SessionID="{call_id}",LocalAddress="IPV4/UDP/10.0.0.1/5060",RemoteAddress="IPV4/UDP/{REAL}/5061"'
    return f'{head}{about},AccountID="{account}",{link},{tail}'[:LONGEST_LINE]


def test_a_strangers_request_and_a_wrong_password_count_and_an_agents_own_challenge_does_not() -> None:
    """Each telephone is challenged at each registration; that is no attack."""
    wrong = 'Challenge="1795330293/2073",Response="af3c",ExpectedResponse=""'
    assert found(event("ChallengeSent", "a1b2")) == [REAL]
    assert found(event("ChallengeResponseFailed", "a1b2", "agent-1001", wrong)) == [REAL]
    assert found(event("ChallengeSent", "a1b2", "agent-1001")) == []
    assert found(event("SuccessfulAuth", "a1b2", "agent-1001", 'UsingPassword="1"')) == []


@limits(deadline=None)  # seven thousand letters on a busy machine
@given(call_id=WORDS, nonce=WORDS, response=WORDS)
def test_no_words_of_an_attacker_make_the_filter_find_an_address_that_asterisk_did_not_see(
    call_id: str, nonce: str, response: str
) -> None:
    """Quotes, whole forged events, lines cut at the logger's limit."""
    tail = f'Challenge="{nonce}",Response="{response}",ExpectedResponse=""'
    for line in (event("ChallengeSent", call_id), event("ChallengeResponseFailed", call_id, tail=tail)):
        assert FALSE not in found(line)


def test_this_machine_each_trunk_and_the_citys_networks_are_never_banned() -> None:
    """By every address and name that the city's file has for a trunk."""
    trunk = {
        "host": "ims.example", "from_addresses": ["192.0.2.4", "192.0.2.8/29"], "outbound_proxy": {"host": "192.0.2.5"},
    }  # fmt: skip
    ours = settings(local_networks="10.1.0.0/16")
    spared = trusted(ours, city(**trunk))
    assert spared == ("127.0.0.0/8", "::1", "10.1.0.0/16", "192.0.2.4", "192.0.2.8/29", "ims.example", "192.0.2.5")
    jail = next(file.text for file in ban_files(ours, city(**trunk)) if "jail.d" in str(file.path))
    assert f"ignoreip = {' '.join(spared)}\n" in jail
    assert f"logpath = {LOG}\n" in jail


def test_without_a_security_log_nothing_is_installed_and_its_path_is_plain() -> None:
    """The path stands in three programs' files."""
    assert ban_files(settings(security_log=None), city()) == []
    with pytest.raises(ValueError, match="absolute path"):
        settings(security_log="/var/log/a b")
