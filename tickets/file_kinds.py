"""Owns which files may be attached to a ticket: told by their content and their name together, bounded in size; pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from hotline_core.errors import BadInput

LARGEST_BYTES = 20 * 1024 * 1024  # a telephone's photographs, a short video, a scan
MOST = 30  # attachments of one ticket
LONGEST_NAME = 120
_HEAD = 4096  # bytes a kind is told by, but for archives, whose table of contents is at the end


def _png(data: bytes) -> bool:
    return data.startswith(b"\x89PNG\r\n\x1a\n")


def _jpeg(data: bytes) -> bool:
    return data.startswith(b"\xff\xd8\xff")


def _webp(data: bytes) -> bool:
    return data[:4] == b"RIFF" and data[8:12] == b"WEBP"


def _wav(data: bytes) -> bool:
    return data[:4] == b"RIFF" and data[8:12] == b"WAVE"


def _brand(*brands: bytes) -> Callable[[bytes], bool]:
    """A file of the ISO base media format (ISO/IEC 14496-12) whose major brand is one of these."""
    return lambda data: data[4:8] == b"ftyp" and any(data[8:12].startswith(brand) for brand in brands)


def _pdf(data: bytes) -> bool:
    return data.startswith(b"%PDF-")


def _mp3(data: bytes) -> bool:
    return data.startswith(b"ID3") or (len(data) > 1 and data[0] == 0xFF and data[1] & 0xE6 == 0xE2)


def _amr(data: bytes) -> bool:
    return data.startswith(b"#!AMR\n")


def _office(folder: bytes) -> Callable[[bytes], bool]:
    """An Office Open XML document (ISO/IEC 29500) with that folder and without macros."""

    def is_such(data: bytes) -> bool:
        return data.startswith(b"PK\x03\x04") and b"[Content_Types].xml" in data and folder in data and b"vbaProject" not in data

    return is_such


def _text(data: bytes) -> bool:
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return all(sign.isprintable() or sign in "\r\n\t\ufeff\u3000\xa0" for sign in text)


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of file: its MIME type, the endings its name may have, how its content is told, whether a browser may show it."""

    mime: str
    endings: tuple[str, ...]
    fits: Callable[[bytes], bool]
    is_shown: bool = False


_OFFICE = "application/vnd.openxmlformats-officedocument"
KINDS: tuple[Kind, ...] = (
    Kind("image/jpeg", (".jpg", ".jpeg"), _jpeg, is_shown=True),
    Kind("image/png", (".png",), _png, is_shown=True),
    Kind("image/webp", (".webp",), _webp, is_shown=True),
    Kind("image/heic", (".heic", ".heif"), _brand(b"heic", b"heix", b"mif1", b"msf1")),
    Kind("application/pdf", (".pdf",), _pdf, is_shown=True),
    Kind("video/mp4", (".mp4",), _brand(b"isom", b"iso", b"mp4", b"avc1", b"M4V", b"MSNV")),
    Kind("video/quicktime", (".mov",), _brand(b"qt  ")),
    Kind("audio/mp4", (".m4a",), _brand(b"M4A", b"mp4", b"isom")),
    Kind("audio/mpeg", (".mp3",), _mp3),
    Kind("audio/wav", (".wav",), _wav),
    Kind("audio/amr", (".amr",), _amr),
    Kind(f"{_OFFICE}.wordprocessingml.document", (".docx",), _office(b"word/")),
    Kind(f"{_OFFICE}.spreadsheetml.sheet", (".xlsx",), _office(b"xl/")),
    Kind("text/plain", (".txt",), _text),
)
BY_MIME: Mapping[str, Kind] = MappingProxyType({kind.mime: kind for kind in KINDS})


def clean_name(name: str) -> str:
    """The name a file is kept under for people; BadInput `bad_attachment` for one that is no plain file name.

    The file itself never lies under it. Folders in front are cut off, as some browsers send them.
    """
    bare = name.replace("\\", "/").rpartition("/")[2].strip()
    if not bare or len(bare) > LONGEST_NAME or not bare.isprintable() or bare.startswith("."):
        raise BadInput("bad_attachment", field="name", why="name")
    return bare


def kind_of(name: str, data: bytes) -> Kind:
    """The kind that ending and content agree on; BadInput `bad_attachment` with why: empty, too_large, kind."""
    if not data:
        raise BadInput("bad_attachment", field="body", why="empty")
    if len(data) > LARGEST_BYTES:
        raise BadInput("bad_attachment", field="body", why="too_large")
    dot, ending = name.rpartition(".")[1:]
    found = next((kind for kind in KINDS if dot + ending.lower() in kind.endings), None)
    is_whole = found is not None and (found.mime.startswith(_OFFICE) or found.mime == "text/plain")
    if found is None or not found.fits(data if is_whole else data[:_HEAD]):
        raise BadInput("bad_attachment", field="body", why="kind")
    return found
