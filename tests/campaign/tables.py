"""Owns the tables of a campaign: rows as they are measured, written as Markdown after each one, printed at the end."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

FOLDER = Path(__file__).resolve().parents[2] / "build" / "campaign"


@dataclass(slots=True)
class Table:
    """One table in one file, `FOLDER/name.md`; a campaign that is stopped has written what it knew."""

    name: str
    title: str
    columns: tuple[str, ...]
    rows: list[tuple[str, ...]] = field(default_factory=list)

    def add(self, *cells: object) -> None:
        """One more row, a cell per column; seconds and milliseconds come rounded by the caller."""
        assert len(cells) == len(self.columns), (cells, self.columns)
        self.rows.append(tuple(str(cell).replace("|", "/").replace("\n", " ") for cell in cells))
        FOLDER.mkdir(parents=True, exist_ok=True)
        (FOLDER / f"{self.name}.md").write_text(self.text(), encoding="utf-8")

    def text(self) -> str:
        """The table as Markdown, with its title."""
        return "\n".join([f"## {self.title}", "", *lines((self.columns, *self.rows)), ""])


def lines(rows: Sequence[tuple[str, ...]]) -> list[str]:
    """Markdown rows; the first one is the head."""
    head, *body = rows
    return [_line(head), "|" + "---|" * len(head), *(_line(row) for row in body)]


def _line(cells: tuple[str, ...]) -> str:
    return "| " + " | ".join(cells) + " |"
