"""The file of places by number: made from the library, once, read by the desk; a broken one costs nothing but the place."""

from __future__ import annotations

from pathlib import Path

import pytest

from hotline_core.adapters import places_file
from launcher import places

pytestmark = pytest.mark.integration


def test_the_file_of_the_library_knows_mobiles_and_area_codes_and_is_made_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """By a process of its own, which takes the library's memory with it; an older version's file goes."""
    old = tmp_path / "places-1.0.json"
    old.write_text("{}")
    places.ensure(tmp_path)
    path = places_file.path_of(tmp_path)
    found = places_file.read(path)
    told = {number: found.of(number) for number in ("13855701234", "05573020001", "01062345678", "02188888888", "95598")}
    assert told == {
        "13855701234": "安徽省宿州市", "05573020001": "安徽省宿州市", "01062345678": "北京市", "02188888888": "上海市", "95598": "",
    }  # fmt: skip
    assert len(found.names) > 300
    assert not old.exists()
    made = path.stat().st_mtime_ns
    monkeypatch.setattr(places, "MAKING_S", 0.0)
    places.ensure(tmp_path)
    assert path.stat().st_mtime_ns == made
    assert capsys.readouterr().out == ""


def test_a_file_that_cannot_be_made_is_told_and_one_that_cannot_be_read_knows_no_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The hotline starts and calls come in all the same."""
    monkeypatch.setattr(places, "MAKING_S", 0.0)
    places.ensure(tmp_path)
    assert "归属地" in capsys.readouterr().out
    assert not list(tmp_path.glob("places-*.json"))
    path = places_file.path_of(tmp_path)
    for broken in ("", "{}", "[]", '{"names":["x"],"by_length":{"7":[[1],[99999999]]}}', '{"names":1,"by_length":1}'):
        path.write_text(broken, encoding="utf-8")
        assert places_file.read(path).of("13855701234") == ""
