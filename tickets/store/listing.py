"""Owns the lists of tickets: filters, three orders, pages by key; each page is read off an index, whatever lies before it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Any, Literal

from sqlalchemy import ColumnElement, Connection, Engine, Select, and_, case, func, or_, select, tuple_, union_all

from hotline_core.adapters.engine import reading
from hotline_core.domain.day import day_start
from hotline_core.errors import BadInput
from tickets.acts import STAGES, Stage
from tickets.store.schema import ticket_units, tickets

Sort = Literal["due", "newest", "changed"]
Left = Literal["late", "today", "soon", "calm", "none"]
LARGEST_PAGE = 200
SOON_S = 72 * 3600
DAY_S = 24 * 3600
# With these the citizen's matter goes nowhere any more, or in another ticket.
OVER: frozenset[Stage] = frozenset({"answered", "refused", "void", "closed", "archived", "merged"})
OPEN: tuple[Stage, ...] = tuple(stage for stage in STAGES if stage not in OVER)
MOST_BRANCHES = 200  # of a query that looks into the index of each unit and stage; more units than that are looked up row by row
Place = Callable[[Any], list[ColumnElement[bool]]]  # where a page begins, in the columns of `tickets` or of `ticket_units`
Order = tuple[tuple[str, bool], ...]  # names of columns, and whether each falls
_NEWEST: Order = (("number", True),)
_CHANGED: Order = (("changed_at", True), ("number", True))
_DUE: Order = (("due_at", False), ("number", False))
_C = tickets.c


@dataclass(frozen=True, slots=True)
class Filter:
    """What a list keeps; several values of one field are alternatives, empty or None: all.

    `units`: whoever of them leads, helps or stands above. `visible`: the units that the reader belongs to, None for the centre,
    which sees all. `since` and `until` are of the making, epoch seconds, the first included.
    """

    stages: tuple[Stage, ...] = ()
    is_open: bool | None = None
    lines: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    classes: tuple[str, ...] = ()
    fields: tuple[str, ...] = ()
    areas: tuple[str, ...] = ()
    topics: tuple[str, ...] = ()
    units: tuple[str, ...] = ()
    left: tuple[Left, ...] = ()
    is_urgent: bool | None = None
    is_safety: bool | None = None
    made_by: str = ""
    call_id: str = ""
    since: float | None = None
    until: float | None = None
    visible: frozenset[str] | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """A ticket in a list; times are epoch seconds."""

    number: str
    version: int
    stage: Stage
    line: str
    source: str
    klass: str
    field: str
    area: str
    topic: str
    title: str
    unit: str
    is_urgent: bool
    is_safety: bool
    call_id: str | None
    made_by: str
    created_at: float
    changed_at: float
    due_at: float | None
    closed_at: float | None
    is_provisional: bool


@dataclass(frozen=True, slots=True)
class Page:
    """Rows in order, and the key that the next page begins after; None: there is none."""

    rows: tuple[Row, ...]
    next: str | None


@dataclass(frozen=True, slots=True)
class Counts:
    """How many tickets a filter keeps, by stage and by the time left."""

    by_stage: dict[Stage, int]
    by_left: dict[Left, int]
    total: int


class Listing:
    """Reads lists of tickets; synchronous, call it off the event loop."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def page(self, wanted: Filter, sort: Sort = "due", after: str | None = None, limit: int = 50, *, now: float) -> Page:
        """A page; `after` is the `next` of the page before. BadInput `bad_cursor`."""
        limit = max(1, min(limit, LARGEST_PAGE))
        with reading(self._engine) as connection:
            rows = [of_row(each) for each in _ordered(connection, wanted, sort, after, limit + 1, now)]
        page = rows[:limit]
        return Page(tuple(page), _cursor(page[-1], sort) if len(rows) > limit else None)

    def row(self, number: str) -> Row | None:
        """One ticket as lists show it."""
        with reading(self._engine) as connection:
            found = rows_of(connection, [number])
        return found.get(number)

    def of_call(self, call_id: str) -> tuple[Row, ...]:
        """The tickets made from a call, oldest first."""
        with reading(self._engine) as connection:
            found = connection.execute(_plain().where(_C.call_id == call_id).order_by(_C.number).limit(LARGEST_PAGE))
            return tuple(of_row(each) for each in found)

    def of_calls(self, call_ids: Collection[str]) -> tuple[Row, ...]:
        """The tickets made from any of these calls, oldest first."""
        with reading(self._engine) as connection:
            found = connection.execute(_plain().where(_C.call_id.in_(sorted(call_ids))).order_by(_C.number))
            return tuple(of_row(each) for each in found)

    def counts(self, wanted: Filter, *, now: float) -> Counts:
        """How many there are, by stage and by the time left; walks through all that the filter keeps."""
        left = case(*((kept, name) for name, kept in _lefts(now).items()), else_="none")
        stages, units = stages_of(wanted), units_first(wanted)
        kept = select(_C.stage, left.label("left"), func.count().label("n")).where(*conditions(wanted, now, without=units))
        if units is not None:
            theirs = select(ticket_units.c.number).where(ticket_units.c.unit.in_(units))
            kept = kept.where(_C.number.in_(theirs if stages is None else theirs.where(ticket_units.c.stage.in_(stages))))
        if stages is not None:
            kept = kept.where(_C.stage.in_(stages))
        by_stage: dict[Stage, int] = {}
        by_left: dict[Left, int] = {"late": 0, "today": 0, "soon": 0, "calm": 0, "none": 0}
        with reading(self._engine) as connection:
            for row in connection.execute(kept.group_by(_C.stage, left)):
                by_stage[row.stage] = by_stage.get(row.stage, 0) + row.n
                by_left[row.left] += row.n
        return Counts(by_stage, by_left, sum(by_stage.values()))


def rows_of(connection: Connection, numbers: Sequence[str]) -> dict[str, Row]:
    """The rows of these numbers, as far as there are such tickets."""
    return {each.number: of_row(each) for each in connection.execute(_plain().where(_C.number.in_(numbers)))}


def conditions(wanted: Filter, now: float, without: Sequence[str] | None = None) -> list[ColumnElement[bool]]:
    """What the filter asks of a row of `tickets`, but for the stage, and for the units `without` that lead the query already."""
    alternatives = (
        (_C.line, wanted.lines), (_C.source, wanted.sources), (_C.klass, wanted.classes), (_C.field, wanted.fields),
        (_C.area, wanted.areas), (_C.topic, wanted.topics),
    )  # fmt: skip
    found: list[ColumnElement[bool]] = [column.in_(values) for column, values in alternatives if values]
    flags = ((_C.is_urgent, wanted.is_urgent), (_C.is_safety, wanted.is_safety))
    found += [column == int(value) for column, value in flags if value is not None]
    found += [column == value for column, value in ((_C.made_by, wanted.made_by), (_C.call_id, wanted.call_id)) if value]
    found += [_C.created_at >= wanted.since] if wanted.since is not None else []
    found += [_C.created_at < wanted.until] if wanted.until is not None else []
    if wanted.left:
        kinds = _lefts(now)
        found.append(or_(*(kinds[left] for left in wanted.left)))
    asked = [sorted(set(wanted.units))] if wanted.units else []
    asked += [sorted(wanted.visible)] if wanted.visible is not None else []
    if without is not None:
        asked.remove(list(without))
    return [*found, *(_of_units(units) for units in asked)]


def _of_units(units: Sequence[str]) -> ColumnElement[bool]:
    theirs = ticket_units.alias()
    return select(theirs.c.number).where(theirs.c.number == _C.number, theirs.c.unit.in_(units)).exists()


def _lefts(now: float) -> dict[Left, ColumnElement[bool]]:
    """Late is past; today ends today in Asia/Shanghai; soon within 72 hours; calm later; none: no limit stands."""
    tomorrow = day_start(now) + DAY_S
    soon = max(tomorrow, now + SOON_S)
    return {
        "late": _C.due_at < now, "today": and_(_C.due_at >= now, _C.due_at < tomorrow),
        "soon": and_(_C.due_at >= tomorrow, _C.due_at < soon), "calm": _C.due_at >= soon, "none": _C.due_at.is_(None),
    }  # fmt: skip


def stages_of(wanted: Filter) -> tuple[Stage, ...] | None:
    """The stages that are left, in a fixed order; None: every one."""
    if wanted.is_open is None:
        return tuple(stage for stage in STAGES if stage in wanted.stages) or None
    asked = OPEN if wanted.is_open else tuple(stage for stage in STAGES if stage in OVER)
    return tuple(stage for stage in asked if not wanted.stages or stage in wanted.stages)


def _ordered(connection: Connection, wanted: Filter, sort: Sort, after: str | None, limit: int, now: float) -> list[Any]:
    key, number = _read_cursor(after, sort)
    if sort == "newest":
        return _merged(connection, wanted, now, lambda of: [of.number < number] if number else [], _NEWEST, limit)
    if sort == "changed":
        return _merged(
            connection, wanted, now,
            lambda of: [] if key is None else [tuple_(of.changed_at, of.number) < tuple_(key, number)], _CHANGED, limit,
        )  # fmt: skip
    found: list[Any] = []
    if key is not None or not number:
        found = _merged(
            connection, wanted, now,
            lambda of: [of.due_at.is_not(None) if key is None else tuple_(of.due_at, of.number) > tuple_(key, number)], _DUE, limit,
        )  # fmt: skip
        number = ""
    if len(found) < limit:  # what no limit stands for comes last, the newest of it first
        found += _merged(
            connection, wanted, now, lambda of: [of.due_at.is_(None), *([of.number < number] if number else [])], _NEWEST,
            limit - len(found),
        )  # fmt: skip
    return found


def _merged(connection: Connection, wanted: Filter, now: float, place: Place, order: Order, limit: int) -> list[Any]:
    """The first rows of every stage, and of every unit where units are named, each in its index's order; of these the first."""
    stages, units = stages_of(wanted), units_first(wanted)
    if units is not None and len(units) * len(stages or STAGES) <= MOST_BRANCHES:
        kept = conditions(wanted, now, without=units)
        of = ticket_units.c
        begin = _plain().join(ticket_units, of.number == _C.number).where(*kept, *place(of)).order_by(*_by(order, of)).limit(limit)
        parts = [begin.where(of.unit == unit, of.stage == stage) for unit in units for stage in stages or STAGES]
    else:
        begin = _plain().where(*conditions(wanted, now), *place(_C)).order_by(*_by(order, _C)).limit(limit)
        parts = [begin] if stages is None else [begin.where(_C.stage == stage) for stage in stages]
    if not parts:
        return []
    whole = parts[0] if len(parts) == 1 else union_all(*(select(part.subquery()) for part in parts))
    found = list({row.number: row for row in connection.execute(whole)}.values())  # a ticket may be several units'
    for name, falls in reversed(order):
        found.sort(key=attrgetter(name), reverse=falls)
    return found[:limit]


def units_first(wanted: Filter) -> list[str] | None:
    """The units whose own indexes lead: those a reader belongs to, else those that are asked for; None: no unit is named."""
    if wanted.visible is not None:
        return sorted(wanted.visible)
    return sorted(set(wanted.units)) or None


def _by(order: Order, of: Any) -> list[ColumnElement[Any]]:
    return [of[name].desc() if falls else of[name] for name, falls in order]


def _plain() -> Select[Any]:
    return select(*(_C[name] for name in Row.__dataclass_fields__))


def of_row(row: Any) -> Row:
    """A row of `tickets` with the columns of `Row`, or more."""
    found = {name: row._mapping[name] for name in Row.__dataclass_fields__}
    for name in ("is_urgent", "is_safety", "is_provisional"):
        found[name] = bool(found[name])
    return Row(**found)


def _cursor(row: Row, sort: Sort) -> str:
    key = {"newest": None, "changed": row.changed_at, "due": row.due_at}[sort]
    return f"{'' if key is None else repr(key)}~{row.number}"


def _read_cursor(cursor: str | None, sort: Sort) -> tuple[float | None, str]:
    """The key and the number of the last row of the page before; an empty number at the beginning."""
    if cursor is None:
        return None, ""
    key, _, number = cursor.partition("~")
    if not number.isascii() or not number.isdigit() or (sort == "changed" and not key):
        raise BadInput("bad_cursor", field="after")
    try:
        return (float(key) if key else None), number
    except ValueError as error:
        raise BadInput("bad_cursor", field="after") from error
