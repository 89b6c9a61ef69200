"""The nftables table of the hotline's own ports; it decides about nothing else of the machine; pure."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable

from hotline_core.city import City
from hotline_core.city_trunk import Trunk
from hotline_core.settings import Settings, is_address

STRANGERS_PER_S = 50  # SIP packets of all unknown addresses together; who is registered with or asked by us is known


def nft_table(settings: Settings, city: City) -> str:
    """The file for `nft -f`: replaces an earlier table at once, and leaves no moment without rules."""
    known = [network for trunk in city.trunks.values() for network in _networks(trunk)]
    is_all_known = all(_networks(trunk) for trunk in city.trunks.values())
    first, last = settings.rtp_first_last
    signalling = f"udp dport {settings.sip_port}"
    allowed = [
        f"    {signalling} {family} saddr {{ {', '.join(networks)} }} accept"
        for family, networks in (("ip", _collapsed(known + _inside(settings), 4)), ("ip6", _collapsed(known, 6)))
        if networks
    ]
    # A carrier that is known by its name only may come from anywhere: Asterisk itself then knows it by its addresses.
    # What begins beyond STRANGERS_PER_S is dropped: it would fill Asterisk's log before anybody could be banned.
    limited = f"    {signalling} limit rate {STRANGERS_PER_S}/second burst {4 * STRANGERS_PER_S} packets accept"
    lines = "\n".join([*allowed, *([] if is_all_known else [limited]), f"    {signalling} counter drop"])
    return f"""# The hotline's ports. Written by make install, which overwrites it. Only these ports are decided about here:
# a firewall of the machine's own that closes everything else must open them too.
table inet hotline
delete table inet hotline
table inet hotline {{
  chain input {{
    type filter hook input priority filter; policy accept;
    iif "lo" accept
    # pages, API and websockets
    tcp dport {settings.http_port} accept
    # who answers us, and a carrier that we registered with; then carriers and hardware telephones by their addresses
    {signalling} ct state established ct direction reply accept
{lines}
    # sound
    udp dport {first}-{last} accept
  }}
}}
"""


def _inside(settings: Settings) -> list[str]:
    return list(settings.networks)


def _networks(trunk: Trunk) -> list[str]:
    """The addresses a carrier's calls come from; none when it is known by name only."""
    if trunk.from_addresses:
        return list(trunk.from_addresses)
    host = trunk.outbound_proxy.host if trunk.outbound_proxy else trunk.host
    return [host] if is_address(host) else []


def _collapsed(networks: Iterable[str], version: int) -> list[str]:
    """Those of one IP version without overlaps, which an interval set does not take."""
    found = [ipaddress.ip_network(network, strict=False) for network in networks]
    if version == 4:
        fours = [each for each in found if isinstance(each, ipaddress.IPv4Network)]
        return [str(each) for each in ipaddress.collapse_addresses(fours)]
    sixes = [each for each in found if isinstance(each, ipaddress.IPv6Network)]
    return [str(each) for each in ipaddress.collapse_addresses(sixes)]
