"""Security headers on every answer: only our own scripts, styles, sound and connections; nothing is framed or cached."""

from __future__ import annotations

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "font-src 'self'",
        "connect-src 'self'",
        "media-src 'self' blob:",
        "manifest-src 'self'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)
ALWAYS = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "permissions-policy": "microphone=(self), camera=(), geolocation=(), display-capture=()",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}


def always(is_tls: bool) -> dict[str, str]:
    """What every answer carries; under TLS also the promise to come back by HTTPS only (RFC 6797)."""
    return ALWAYS | ({"strict-transport-security": "max-age=31536000"} if is_tls else {})


class SecurityHeaders:
    """ASGI middleware; `is_tls` adds the promise to come back by HTTPS only."""

    def __init__(self, app: ASGIApp, is_tls: bool) -> None:
        self._app = app
        self._headers = always(is_tls)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in self._headers.items():
                    headers[name] = value
                if scope["path"].startswith("/static/"):
                    is_named = b"v=" in scope.get("query_string", b"") or scope["path"].startswith("/static/v/")
                    is_kept = is_named and message["status"] in (200, 304)
                    headers["cache-control"] = "public, max-age=31536000, immutable" if is_kept else "no-cache"
                else:
                    headers["cache-control"] = "no-store"
            await send(message)

        await self._app(scope, receive, with_headers)
