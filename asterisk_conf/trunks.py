"""The carriers' trunks as pjsip_trunks.conf needs them: addresses, names and agreements in SIP's own words."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from hotline_core.adapters.trunk_secret import read_secret, secret_path
from hotline_core.city import City
from hotline_core.city_trunk import Trunk
from hotline_core.settings import is_address

REGISTERED = "registered"  # the extension of from-trunk for a registration under a name
DEMO = "demo"
_100REL = {"refused": "no", "offered": "yes", "required": "required"}
_TIMERS = {"refused": "no", "offered": "yes", "required": "required"}


@dataclass(frozen=True, slots=True)
class TrunkView:
    """A trunk as the template sees it: a setting of the city, the addresses made of it, and the secret (empty: none)."""

    trunk: Trunk
    addresses: tuple[str, ...]
    secret: str = ""

    @property
    def uri(self) -> str:
        """Where calls go; a name with the usual port is left to the resolver (RFC 3263)."""
        return f"sip:{self._domain}"

    @property
    def proxy(self) -> str:
        """The outbound proxy as a loose route, escaped for the file; empty without one."""
        proxy = self.trunk.outbound_proxy
        return f"sip:{proxy.host}:{proxy.port}\\;lr" if proxy else ""

    @property
    def client_uri(self) -> str:
        """Whom we register as; empty without a registration."""
        return f"sip:{self.trunk.registration.user}@{self._domain}" if self.trunk.registration else ""

    @property
    def contact_user(self) -> str:
        """What the carrier puts into the request of a call to us, unless it keeps the dialled number."""
        user = self.trunk.registration.user if self.trunk.registration else ""
        return user if re.fullmatch(r"[+0-9]+", user) else REGISTERED

    @property
    def from_user(self) -> str:
        """Who calls, whatever the call; empty: the line where an agent calls, else as `forwarded_caller` says."""
        return self.trunk.shown_number or ""

    @property
    def leg(self) -> str:
        """What Dial adds for a citizen who is led outside by this trunk: who calls, and which of two laws is offered first."""
        caller = "line" if self.trunk.forwarded_caller == "line" else ""
        return f"b(outside-leg^s^1(${{LINE}}^{caller}^{'both' if len(self.trunk.codecs) > 1 else ''}))"

    @property
    def ringing(self) -> str:
        """What Dial adds where the carrier's sound before the answer is not wanted: a ringing tone of our own."""
        return "" if self.trunk.early_media else "r"

    @property
    def from_domain(self) -> str:
        """The carrier's domain where it knows us by it; empty: our address."""
        return self.trunk.host if self.trunk.registration or self.trunk.outbound_proxy else ""

    @property
    def escaped_secret(self) -> str:
        """The secret as a value of the file, where a semicolon begins a comment."""
        return self.secret.replace(";", "\\;")

    @property
    def reliable(self) -> str:
        """100rel (RFC 3262)."""
        return _100REL[self.trunk.reliable_provisional]

    @property
    def timers(self) -> str:
        """Session timers (RFC 4028)."""
        return _TIMERS[self.trunk.session_timer]

    @property
    def is_loopback(self) -> bool:
        """True where sound must not leave the machine either."""
        proxy = self.trunk.outbound_proxy
        return (proxy.host if proxy else self.trunk.host).startswith("127.")

    @property
    def _domain(self) -> str:
        if self.trunk.port == 5060 and not is_address(self.trunk.host):
            return self.trunk.host
        return f"{self.trunk.host}:{self.trunk.port}"


def trunk_views(city: City, home: Path) -> dict[str, TrunkView]:
    """All trunks of the city with their secrets; SetupError if a secret cannot be had."""
    return {name: _view(trunk, home) for name, trunk in city.trunks.items()}


def trunk_names(city: City, is_demo: bool) -> tuple[str, ...]:
    """The trunks by their names in the dialplan, in the order in which they are tried."""
    return (DEMO,) if is_demo else tuple(city.trunks)


def silences(city: City, is_demo: bool) -> dict[str, float]:
    """After how many seconds without sound a leg of each trunk counts as gone, by the trunk's endpoint."""
    trunks = {DEMO: Trunk(host="127.0.0.1")} if is_demo else city.trunks
    return {f"trunk-{name}": float(trunk.silence_s) for name, trunk in trunks.items()}


def demo_trunk(carrier_port: int) -> dict[str, TrunkView]:
    """Any INVITE from loopback is a carrier's call: make run, SIPp and other telephones on this machine."""
    trunk = Trunk(host="127.0.0.1", port=carrier_port)
    return {DEMO: TrunkView(trunk, ("127.0.0.0/8",))}


def _view(trunk: Trunk, home: Path) -> TrunkView:
    host = trunk.outbound_proxy.host if trunk.outbound_proxy else trunk.host
    secret = read_secret(secret_path(home, trunk.login.secret_file)) if trunk.login else ""
    return TrunkView(trunk, trunk.from_addresses or (host,), secret)
