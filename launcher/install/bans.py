"""The files by which fail2ban bans who attacks the SIP port, read from Asterisk's security log; pure.

Three rules keep a ban from hitting anybody but a stranger to our SIP:
- this machine, the trunks and the local networks are never banned;
- a ban closes the SIP port alone. UDP sources can be forged, and whoever is banned in another's name loses nothing: strangers have
  no business there, agents' pages and their sound use other ports;
- the filter reads only lines of exactly the form that Asterisk writes. Call-ID, nonce and response in them are the attacker's own
  words, and Asterisk escapes no quote: a looser pattern would ban the address that the attacker wrote into a Call-ID.
"""

from __future__ import annotations

import re
from pathlib import PurePosixPath

from hotline_core.city import City
from hotline_core.settings import Settings
from launcher.install.files import InstalledFile

NAME = "hotline-sip"
TRIES = 10  # refused requests within WINDOW_S; an agent's telephone outside the local networks that knows its password makes none
WINDOW_S = 600
FIRST_BAN_S = 3600  # doubled with every further ban
LONGEST_BAN_S = 7 * 86400
OWN = ("127.0.0.0/8", "::1")

_FILTER = r"""# Who asks our SIP for what only trunks and agents get, or answers a challenge wrongly. Rendered by make install.
# Each line whole and of bounded length: words of the attacker stand in it (Call-ID, nonce, response), unescaped.
[Definition]
_head = ^\s*SECURITY\[\d+\] res_security_log\.c: SecurityEvent=
_who = ,EventTV="[^"]{1,40}",Severity="\w{1,20}",Service="PJSIP",EventVersion="\d"
_link = ,SessionID="[^"]{0,256}",LocalAddress="IPV[46]/\w{2,4}/[^"/]{1,60}/\d{1,5}",RemoteAddress="IPV[46]/\w{2,4}/<ADDR>/\d{1,5}"
_said = Response="[^"]{0,128}",ExpectedResponse="[^"]{0,128}"
failregex = %(_head)s"ChallengeSent"%(_who)s,AccountID="<unknown>"%(_link)s,Challenge="[^"]{0,128}"$
            %(_head)s"ChallengeResponseFailed"%(_who)s,AccountID="[^"]{1,64}"%(_link)s,Challenge="[^"]{0,128}",%(_said)s$
ignoreregex =
datepattern = ^\[%%Y-%%m-%%d %%H:%%M:%%S\.%%f\]
"""


def ban_files(settings: Settings, city: City) -> list[InstalledFile]:
    """Filter, jail and rotation; nothing without `HOTLINE_SECURITY_LOG`."""
    if settings.security_log is None:
        return []
    return [
        _file(f"/etc/fail2ban/filter.d/{NAME}.conf", _FILTER),
        _file(f"/etc/fail2ban/jail.d/{NAME}.local", _jail(settings, city)),
        _file(f"/etc/logrotate.d/{NAME}", _rotation(settings)),
    ]


def trusted(settings: Settings, city: City) -> tuple[str, ...]:
    """Who is never banned: this machine, each trunk by all its addresses and names, the city's own networks."""
    found = [*OWN, *settings.networks]
    for trunk in city.trunks.values():
        found += [*trunk.from_addresses, trunk.host, *([trunk.outbound_proxy.host] if trunk.outbound_proxy else [])]
    return tuple(dict.fromkeys(found))


def _file(path: str, text: str) -> InstalledFile:
    return InstalledFile(PurePosixPath(path), text)


def _jail(settings: Settings, city: City) -> str:
    names = " ".join(trusted(settings, city))
    assert re.fullmatch(r"[A-Za-z0-9.:/ -]+", names), names  # city.yaml lets nothing else through
    return f"""# Bans by what {NAME}.conf finds. Rendered by make install from the settings and city.yaml, do not edit.
[{NAME}]
enabled = true
filter = {NAME}
logpath = {settings.security_log}
backend = polling
ignoreip = {names}
ignoreself = true
findtime = {WINDOW_S}
maxretry = {TRIES}
bantime = {FIRST_BAN_S}
bantime.increment = true
bantime.maxtime = {LONGEST_BAN_S}
action = nftables[type=multiport, name={NAME}, port="{settings.sip_port}", protocol="udp", blocktype="drop"]

# Debian's own jail looks for a file that a machine with the journal alone does not have, and then no jail at all is started.
[sshd]
backend = systemd
"""


def _rotation(settings: Settings) -> str:
    # copytruncate: Asterisk appends, and needs no word of it
    return f"""# Asterisk's security log; what was banned stays in fail2ban's own. Rendered by make install, do not edit.
{settings.security_log} {{
    daily
    maxsize 50M
    rotate 14
    compress
    missingok
    notifempty
    copytruncate
}}
"""
