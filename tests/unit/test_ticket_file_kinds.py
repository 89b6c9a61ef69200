"""Which files a ticket takes: ending and content have to agree, nothing that runs, nothing too large."""

from __future__ import annotations

import io
import zipfile

import pytest

from hotline_core.errors import BadInput
from tickets.file_kinds import KINDS, LARGEST_BYTES, clean_name, kind_of

pytestmark = pytest.mark.unit


def office(folder: str, *more: str) -> bytes:
    """An archive with the names an office document has."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for name in ("[Content_Types].xml", f"{folder}/document.xml", *more):
            archive.writestr(name, "<x/>")
    return made.getvalue()


GOOD = {
    "照片.JPG": (b"\xff\xd8\xff\xe0rest", "image/jpeg"),
    "a.png": (b"\x89PNG\r\n\x1a\nrest", "image/png"),
    "a.webp": (b"RIFF\0\0\0\0WEBPVP8 ", "image/webp"),
    "a.heic": (b"\0\0\0\x18ftypheic", "image/heic"),
    "回函.pdf": (b"%PDF-1.7\n", "application/pdf"),
    "a.mp4": (b"\0\0\0\x18ftypmp42", "video/mp4"),
    "a.mov": (b"\0\0\0\x14ftypqt  ", "video/quicktime"),
    "a.m4a": (b"\0\0\0\x18ftypM4A ", "audio/mp4"),
    "a.mp3": (b"\xff\xfb\x90\x00", "audio/mpeg"),
    "a.wav": (b"RIFF\0\0\0\0WAVEfmt ", "audio/wav"),
    "a.amr": (b"#!AMR\n<", "audio/amr"),
    "答复.docx": (office("word"), "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
    "a.xlsx": (office("xl"), "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    "说明.txt": ("经核实，路灯已修复。\n".encode(), "text/plain"),
}


def test_every_kind_is_taken_under_its_ending() -> None:
    found = {name: kind_of(name, data).mime for name, (data, _) in GOOD.items()}
    assert found == {name: mime for name, (_, mime) in GOOD.items()}
    assert set(found.values()) == {kind.mime for kind in KINDS}, "every kind of the table is tried"


@pytest.mark.parametrize(
    ("name", "data", "why"),
    [
        ("a.jpg", b"MZ\x90\x00", "kind"),  # a program
        ("a.exe", b"MZ\x90\x00", "kind"),
        ("a.html", b"<script>", "kind"),
        ("a.svg", b"<svg onload=x>", "kind"),
        ("a.png", b"\xff\xd8\xff\xe0", "kind"),  # a JPEG under another ending
        ("a.docm", office("word"), "kind"),
        ("a.docx", office("word", "word/vbaProject.bin"), "kind"),
        ("a.docx", office("xl"), "kind"),
        ("a.zip", office("word"), "kind"),
        ("a.txt", b"\xff\xfe\x00", "kind"),
        ("a.txt", b"a\x00b", "kind"),
        ("jpg", b"\xff\xd8\xff\xe0", "kind"),
        ("a.jpg", b"", "empty"),
        ("a.jpg", b"\xff\xd8\xff" + bytes(LARGEST_BYTES), "too_large"),
    ],
)
def test_what_runs_is_disguised_empty_or_too_large_is_refused(name: str, data: bytes, why: str) -> None:
    with pytest.raises(BadInput) as refused:
        kind_of(name, data)
    assert (refused.value.code, refused.value.facts["why"]) == ("bad_attachment", why)


def test_a_name_is_kept_without_its_folders_and_refused_when_it_is_none() -> None:
    assert clean_name("C:\\Users\\zhou\\照片 1.jpg") == "照片 1.jpg"
    assert clean_name("../../etc/x.txt") == "x.txt"
    for name in ("", " ", "a/", ".htaccess", "a\nb.jpg", "a\x00.jpg", "a" * 121, "\u202egpj.exe"):
        with pytest.raises(BadInput) as refused:
            clean_name(name)
        assert refused.value.facts["why"] == "name"
