"""Tickets as CSV and XLSX: every ticket of the filter once, in words, with no cell that a spreadsheet computes."""

from __future__ import annotations

import csv
import io
import zipfile
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import pytest
from sqlalchemy import Engine

from tests.integration.ticket_kit import DAY, NOW, Person, PlainLaws, complaint
from tests.unit.ticket_floor import policy_of
from tickets.names import load_names
from tickets.store.export import COLUMNS, Export, Wanted
from tickets.store.listing import Filter
from tickets.store.orders import Orders
from tickets.store.sheets import load_headings
from tickets.ticket import Content

pytestmark = pytest.mark.integration
SHEET = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"


def _export(engine: Engine) -> Export:
    return Export(engine, load_headings(COLUMNS), load_names(), policy_of())


def _wanted(kept: Filter | None = None, query: str = "") -> Wanted:
    return Wanted(kept or Filter(), NOW, lambda content: content, query)


def _made(engine: Engine, *contents: Content) -> list[str]:
    orders = Orders(engine, PlainLaws())
    return [orders.create(each, by="agent1", role="agent", now=NOW, policy=None).number for each in contents]


def _read(export: Export, wanted: Wanted) -> list[dict[str, str]]:
    data = b"".join(export.sheet(wanted).csv())
    assert data.startswith(b"\xef\xbb\xbf")  # a spreadsheet would else read it in the system's own code page
    return list(csv.DictReader(io.StringIO(data.decode("utf-8-sig"), newline="")))


def _sheet(path: Path) -> list[list[str]]:
    with zipfile.ZipFile(path) as book:
        rows = ElementTree.fromstring(book.read("xl/worksheets/sheet1.xml")).iter(f"{SHEET}row")  # noqa: S314 - our own file
        assert b"<f>" not in book.read("xl/worksheets/sheet1.xml")
        return [["".join(cell.itertext()) for cell in row.iter(f"{SHEET}c")] for row in rows]


def test_both_forms_tell_every_ticket_of_the_filter_in_words(engine: Engine, tmp_path: Path) -> None:
    """Newest first, over several pages, with names in place of keys and times of Shanghai."""
    numbers = _made(engine, *[complaint(title=f"第{count}件") for count in range(450)])
    act = {"unit": "transport"}
    Orders(engine, PlainLaws()).act(numbers[-1], 0, "dispatch", act, Person(), NOW + 60, None)
    rows = _read(_export(engine), _wanted())
    assert [row["工单编号"] for row in rows] == numbers[::-1]
    first = rows[0]
    assert (first["环节"], first["热线"], first["类别"], first["承办单位"]) == ("待签收", "12328", "投诉举报", "市交通运输局")
    assert (first["登记时间"], first["到期时间"], first["剩余时限"]) == ("2026-11-22 10:00", "2026-11-23 10:01", "三天内到期")
    assert (first["姓名"], first["联系电话"]) == ("王小明", "13855700001")
    path = tmp_path / "tickets.xlsx"
    assert _export(engine).sheet(_wanted()).xlsx(path) == 450
    assert _sheet(path) == [list(first), *[list(row.values()) for row in rows]]
    assert [row["工单编号"] for row in _read(_export(engine), _wanted(Filter(stages=("dispatched",))))] == [numbers[-1]]
    assert [row["工单编号"] for row in _read(_export(engine), _wanted(query="第17件"))] == [numbers[17]]


def test_what_a_citizen_said_is_never_a_formula(engine: Engine, tmp_path: Path) -> None:
    """In CSV with an apostrophe before it; in XLSX as text."""
    evil = ['=cmd|"/c calc"!A1', "+1+1", "-2+3", "@SUM(A1)", "\t=1+1", "＝1+1"]
    _made(engine, *[complaint(title=each, text=f'{each}\r\n第二行，"引号"') for each in evil])
    rows = _read(_export(engine), _wanted())
    assert [row["标题"] for row in rows] == [f"'{each}" for each in evil[::-1]]
    assert rows[0]["内容"].endswith('第二行，"引号"')
    path = tmp_path / "tickets.xlsx"
    _export(engine).sheet(_wanted()).xlsx(path)
    place = _sheet(path)[0].index("标题")
    assert [row[place].strip() for row in _sheet(path)[1:]] == [each.strip() for each in evil[::-1]]


def test_who_must_not_see_the_citizen_does_not_export_them(engine: Engine) -> None:
    """The reader's veil lies over every row."""
    _made(engine, complaint())
    veiled = replace(_wanted(), veiled=lambda content: replace(content, name="", number="", address=""))
    data = b"".join(_export(engine).sheet(veiled).csv()).decode()
    for private in ("王小明", "13855700001", "幸福路"):
        assert private not in data


def test_the_time_left_is_told_as_lists_tell_it(engine: Engine) -> None:
    orders = Orders(engine, PlainLaws())
    (number,) = _made(engine, complaint())
    orders.act(number, 0, "dispatch", {"unit": "transport"}, Person(), NOW, None)
    export = _export(engine)
    looks = {NOW: "三天内到期", NOW + DAY - 1: "今天到期", NOW + DAY + 1: "已超时"}
    assert {at: _read(export, replace(_wanted(), now=at))[0]["剩余时限"] for at in looks} == looks
