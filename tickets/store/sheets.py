"""Owns how rows of words become a file for other programs: CSV and XLSX, piece by piece, no cell a formula."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import xlsxwriter

from hotline_core.yaml_lines import load_yaml
from tickets.limits import SHANGHAI

USUAL_WIDTH = 16  # characters of a column
_BEGINS_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


@dataclass(frozen=True, slots=True)
class Headings:
    """What a file of headings says: columns in order, the word in a cell that is true, the sheet's name."""

    columns: Mapping[str, str]
    yes: str
    sheet: str


def load_headings(path: Path) -> Headings:
    """Read them."""
    data = load_yaml(path.read_text(encoding="utf-8"))
    columns = {str(key): str(name) for key, name in data["columns"].items()}
    return Headings(columns, str(data["yes"]), str(data["sheet"]))


@dataclass(frozen=True, slots=True)
class Sheet:
    """A table to be written once: `pages` of rows, each cell a text in the order of the columns; `wide` columns by key."""

    headings: Headings
    pages: Iterator[list[list[str]]]
    wide: Mapping[str, int] = field(default_factory=dict)

    def csv(self) -> Iterator[bytes]:
        """UTF-8 with its mark, a piece for each page; a cell that a spreadsheet would compute begins with an apostrophe."""
        yield "\ufeff".encode() + _lines([list(self.headings.columns.values())])
        for page in self.pages:
            yield _lines([[_harmless(cell) for cell in cells] for cells in page])

    def xlsx(self, path: Path) -> int:
        """Write a workbook; the number of its rows. Every cell is text."""
        # what it sets aside while writing is citizens' data too: beside the file, not in a folder of everybody's
        options = {
            "tmpdir": str(path.parent), "constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False,
            "strings_to_numbers": False,
        }  # fmt: skip
        count = 0
        with xlsxwriter.Workbook(path, options) as book:
            sheet = book.add_worksheet(self.headings.sheet)
            bold = book.add_format({"bold": True})
            for place, (key, name) in enumerate(self.headings.columns.items()):
                sheet.set_column(place, place, self.wide.get(key, USUAL_WIDTH))
                sheet.write_string(0, place, name, bold)
            sheet.freeze_panes(1, 1)
            for page in self.pages:
                for cells in page:
                    count += 1
                    for place, cell in enumerate(cells):
                        sheet.write_string(count, place, cell)
        return count


def told_at(at: float | None) -> str:
    """A time of Shanghai for a cell, to the minute; empty for none."""
    return "" if at is None else datetime.fromtimestamp(at, SHANGHAI).strftime("%Y-%m-%d %H:%M")


def _harmless(cell: str) -> str:
    return f"'{cell}" if cell.startswith(_BEGINS_FORMULA) else cell


def _lines(rows: list[list[str]]) -> bytes:
    out = io.StringIO()
    csv.writer(out, lineterminator="\r\n").writerows(rows)
    return out.getvalue().encode()
