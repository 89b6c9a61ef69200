"""Whether a page's SIP frame may pass to Asterisk: exactly one message, sent in the page's own name; pure.

Stricter than RFC 3261 on purpose: what two parsers could read differently does not pass. Asterisk reads a websocket frame
as a stream, so a second message behind the first one's Content-Length would be obeyed too.
"""

from __future__ import annotations

import re

_HEAD_END = b"\r\n\r\n"
_REQUEST = re.compile(r"[A-Z]{1,20} [^\x00-\x20]+ SIP/2\.0")
_RESPONSE = re.compile(r"SIP/2\.0 [1-6][0-9]{2} [^\x00-\x1f]*")
_NAME_ADDR = re.compile(r'(?:"(?:[^"\\<>]|\\[^<>])*"\s*|[^"<>,;:@]*)<(?P<uri>[^<>"\s]+)>\s*(?P<params>;[^<>,"]*)?')
_ADDR_SPEC = re.compile(r"(?P<uri>[^<>\"\s;,?]+)\s*(?:;[^<>,]*)?")
_TAG = re.compile(r";\s*tag\s*=\s*[A-Za-z0-9.!%*_+`'~-]+\s*(?:;|$)")
_SHORT = {"f": "from", "t": "to", "l": "content-length"}


def refusal(frame: bytes, extension: str) -> str | None:
    """Why this frame of the page of `extension` does not pass, or None when it does."""
    if not frame.strip(b"\r\n"):
        return None  # a keep-alive
    head_bytes, end, body = frame.partition(_HEAD_END)
    if not end:
        return "no end of head"
    try:
        head = head_bytes.decode("utf-8")
    except UnicodeDecodeError:
        return "head is not UTF-8"
    lines = head.split("\r\n")
    if any(re.search(r"[\x00-\x08\x0a-\x1f\x7f]", line) for line in lines):
        return "control character in head"
    headers = _headers(lines[1:])
    if headers is None:
        return "folded or nameless header"
    if headers.get("content-length") != [str(len(body))]:
        return "content-length does not fit"
    if _RESPONSE.fullmatch(lines[0]):
        return None
    if not _REQUEST.fullmatch(lines[0]):
        return "neither request nor response"
    is_register = lines[0].startswith("REGISTER ")
    if (is_register or not _in_dialog(headers.get("to", []))) and not _is_own(headers.get("from", []), extension):
        return "from another user"
    if is_register and not _is_own(headers.get("to", []), extension):
        return "registers another user"
    return None


def _in_dialog(to: list[str]) -> bool:
    """True for a request inside a dialog (RFC 3261 12.2): Asterisk knows it by Call-ID and tags, not by its From.

    In a call that Asterisk began, the page's From is the address Asterisk called, not its own name. Only a tag of the header
    itself counts, not one inside the display name or the URI: Asterisk 22 answers 481 to an invented one of the first kind,
    but takes a request with one of the others for a new call.
    """
    found = _NAME_ADDR.fullmatch(to[0]) if len(to) == 1 else None
    return found is not None and _TAG.search(found["params"] or "") is not None


def _headers(lines: list[str]) -> dict[str, list[str]] | None:
    found: dict[str, list[str]] = {}
    for line in lines:
        name, colon, value = line.partition(":")
        if not colon or line[:1] in " \t" or not name.strip():
            return None
        key = name.strip().lower()
        found.setdefault(_SHORT.get(key, key), []).append(value.strip())
    return found


def _is_own(values: list[str], extension: str) -> bool:
    """True when there is one value and its URI's user is the agent of `extension`."""
    if len(values) != 1:
        return False
    found = _NAME_ADDR.fullmatch(values[0]) or _ADDR_SPEC.fullmatch(values[0])
    if found is None:
        return False
    return re.fullmatch(rf"sips?:agent-{re.escape(extension)}@[^@]+", found["uri"], re.IGNORECASE) is not None
