"""Where a request came from: same-origin check and the client's address behind our own front; pure."""

from __future__ import annotations

from urllib.parse import urlsplit

_DEFAULT_PORTS = {"http": 80, "https": 443}


def is_same_origin(origin: str | None, host: str | None) -> bool:
    """True when the Origin header names exactly the host and port the request was asked under."""
    if not origin or not host:
        return False
    try:
        asked = urlsplit(origin)
        default = _DEFAULT_PORTS.get(asked.scheme)
        under = urlsplit(f"//{host}")
        if default is None or asked.path or asked.query or asked.fragment or asked.username is not None:
            return False
        if under.path or under.query or under.fragment or under.username is not None or not under.hostname:
            return False
        return asked.hostname == under.hostname and (asked.port or default) == (under.port or default)
    except ValueError:
        return False


def client_address(forwarded_for: list[str], peer: str | None) -> str:
    """The client's address: the last hop our own front wrote, never one the client could have put in front of it."""
    hops = [hop.strip() for value in forwarded_for for hop in value.split(",") if hop.strip()]
    if peer:  # a TCP peer is the client itself; only the Unix socket of our front has none
        return peer[:64]
    return hops[-1][:64] if hops else "local"
