"""Finding recordings among millions: by caller, agent, number dialled, third party, time, length, class, hold; newest first. Sync.

A page costs a bounded number of rows, whatever is combined. First each condition that may be rare is asked whether at most FEW
rows fit it (an index tells); the first that is rare gives all candidates. Where none is, the rows are walked in order of time
along the best index, LOOKED at most: a page may then end before it is full, and tells until when it has looked.

Each step is a query of one index: come upon in pieces, looked at by their keys. A single query of it all left PostgreSQL to guess
how many rows fit, and it read three million of them for some pages.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Engine, Select, Text, and_, func, or_, select

from hotline_core.adapters.calls_schema import ATTEMPTS, CALLS, HELD, HOLDS, RECORDINGS, SEGMENTS, TRANSFERS
from hotline_core.adapters.engine import reading
from hotline_core.domain.records import CallRow, RecordingRow
from hotline_core.errors import BadInput

_Place = tuple[float, str]  # a moment and a call id: where a row stands, newest first
FEW: Final = 3000
PIECE: Final = 1000  # rows looked at by their keys at once
LOOKED: Final = 10_000
MOST_CANDIDATES: Final = 20_000  # of a condition that was rare when it was asked, and grew between two pages
NEAR_S: Final = 3600.0
LARGEST_PAGE: Final = 500
LONGEST_NUMBER: Final = 24  # digits, more than any telephone number has


@dataclass(frozen=True, slots=True)
class RecordingFilter:
    """What is looked for; None or empty: everything.

    Numbers are given in each form they may be kept in, and are looked for by their beginning. `calls`: only these (of a ticket);
    `hold`: of that case; `is_held`: of any case in force. Lengths in seconds, both included; times in epoch seconds of the
    recording's begin, the first included. `agent`: who had the call last; `own_since`: and only calls that arrived from then on.
    """

    caller: tuple[str, ...] = ()
    dialled: tuple[str, ...] = ()
    third: tuple[str, ...] = ()
    party: str = ""
    agent: str | None = None
    own_since: float = 0.0
    line: str = ""
    calls: tuple[str, ...] | None = None
    klass: str | None = None
    state: str | None = None
    hold: str = ""
    is_held: bool = False
    shortest_s: float | None = None
    longest_s: float | None = None
    since: float | None = None
    until: float | None = None


@dataclass(frozen=True, slots=True)
class FoundRecording:
    """A recording with its call (None if the call's own events were lost), the cases that hold it, the parties asked in, by name,
    and how many segments belong to it."""

    recording: RecordingRow
    call: CallRow | None
    holds: tuple[str, ...] = ()
    thirds: tuple[str, ...] = ()
    segments: int = 0


@dataclass(frozen=True, slots=True)
class FoundPage:
    """One page, newest first; `next` None: there is no more. `looked_until`: the page ended for the work it was, and what lies
    before that moment (epoch seconds) was not looked at yet."""

    recordings: tuple[FoundRecording, ...]
    next: str | None
    looked_until: float | None = None


@dataclass(frozen=True, slots=True)
class _Walk:
    """Rows of one table in order of a time, along an index."""

    name: str
    at: Any
    call_id: Any
    where: tuple[ColumnElement[bool], ...] = ()


class RecordingSearch:
    """Reads only; SQLAlchemyError goes through to the caller, who says that the database is away."""

    def __init__(self, engine: Engine, few: int = FEW, looked: int = LOOKED) -> None:
        self._engine, self._few, self._looked = engine, few, looked

    def page(self, wanted: RecordingFilter, limit: int = 50, after: str | None = None) -> FoundPage:
        """The recordings that fit; `after` is the `next` of the page before. BadInput bad_cursor for one that no page told."""
        limit = max(1, min(limit, LARGEST_PAGE))
        name, place = _read(after) if after else ("", None)
        with reading(self._engine) as connection:
            few = self._rare_one(connection, wanted, name)
            if few is not None:
                return self._of_few(connection, wanted, few, place, limit)
            return self._walked(connection, wanted, _walk(wanted, name), place, limit)

    def with_calls_about(self, call_id: str) -> tuple[str, ...]:
        """A call and the calls to its citizen that were made about it."""
        with reading(self._engine) as connection:
            query = select(CALLS.c.call_id).where(CALLS.c.about == call_id).limit(LARGEST_PAGE)
            return (call_id, *(str(each) for each in connection.execute(query).scalars()))

    def _of_few(
        self, connection: Connection, wanted: RecordingFilter, few: tuple[str, Any], place: _Place | None, limit: int
    ) -> FoundPage:
        name, candidates = few
        is_told = isinstance(candidates, tuple)
        calls = candidates if is_told else connection.execute(candidates.limit(MOST_CANDIDATES)).scalars().all()
        if len(calls) == MOST_CANDIDATES:
            raise BadInput("bad_cursor", field="after")  # it was rare when the first page was asked for
        fit, ordered = list[_Place](), sorted(set(calls))
        for start in range(0, len(ordered), PIECE):
            fit += _fitting(connection, wanted, ordered[start : start + PIECE]).values()
        behind = sorted((one for one in fit if place is None or one < place), reverse=True)
        page = [call_id for _, call_id in behind[:limit]]
        return FoundPage(_found(connection, page), _told(name, behind[limit - 1]) if len(behind) > limit else None)

    def _walked(
        self, connection: Connection, wanted: RecordingFilter, walk: _Walk, place: _Place | None, limit: int
    ) -> FoundPage:
        found: list[_Place] = []  # one more than the page tells that there is a next one
        looked, piece = 0, min(4 * limit, PIECE)
        while len(found) <= limit and looked < self._looked:
            steps = select(walk.at, walk.call_id).where(*walk.where)
            if place is not None:
                steps = steps.where(_behind(walk.at, walk.call_id, place))
            steps = steps.order_by(walk.at.desc(), walk.call_id.desc()).limit(min(piece, self._looked - looked))
            rows = [(float(at), str(call_id)) for at, call_id in connection.execute(steps)]
            if not rows:
                return FoundPage(_found(connection, [call_id for _, call_id in found]), None)
            fit = _fitting(connection, wanted, [call_id for _, call_id in rows])
            found += [row for row in rows if row[1] in fit]
            looked, place, piece = looked + len(rows), rows[-1], PIECE
        page = _found(connection, [call_id for _, call_id in found[:limit]])
        if len(found) > limit:
            return FoundPage(page, _told(walk.name, found[limit - 1]))
        assert place is not None
        return FoundPage(page, _told(walk.name, place), looked_until=place[0])

    def _rare_one(self, connection: Connection, wanted: RecordingFilter, name: str) -> tuple[str, Any] | None:
        """The first condition that at most so few rows fit, as candidates; the one of the page before, if it had one."""
        for key, candidates in _rare(wanted):
            if name and key != name:
                continue
            if name or key in ("calls", "hold"):
                return key, candidates
            probe = candidates.limit(self._few + 1).subquery()
            if int(connection.execute(select(func.count()).select_from(probe)).scalar_one()) <= self._few:
                return key, candidates
        return None


def _rare(wanted: RecordingFilter) -> Iterator[tuple[str, Any]]:
    """Conditions that may be rare, each with the calls that fit it: few by nature first."""
    if wanted.calls is not None:
        yield "calls", wanted.calls
    if wanted.hold:
        yield "hold", select(HELD.c.call_id).where(HELD.c.key == wanted.hold)
    if wanted.third:
        yield "third", select(ATTEMPTS.c.call_id).where(_begins(ATTEMPTS.c.number, wanted.third))
    if wanted.caller:
        yield "caller", select(CALLS.c.call_id).where(_begins(CALLS.c.caller, wanted.caller))
    if wanted.is_held:
        yield "held", select(HELD.c.call_id).join(HOLDS, HOLDS.c.key == HELD.c.key).where(HOLDS.c.released_at.is_(None))
    if wanted.party:
        yield "party", select(TRANSFERS.c.call_id).where(TRANSFERS.c.party == wanted.party)
    if wanted.dialled:
        yield "dialled", select(CALLS.c.call_id).where(_begins(CALLS.c.dialled, wanted.dialled))
    if wanted.shortest_s is not None or wanted.longest_s is not None:
        yield "length", select(RECORDINGS.c.call_id).where(*_lengths(RECORDINGS.c.length_s, wanted))
    if wanted.klass is not None:
        yield "klass", select(RECORDINGS.c.call_id).where(RECORDINGS.c.klass == wanted.klass)
    if wanted.state is not None:
        yield "state", select(RECORDINGS.c.call_id).where(RECORDINGS.c.state == wanted.state)


def _walk(wanted: RecordingFilter, name: str) -> _Walk:
    """Along which index the rows are walked; a later page goes on along the one of the first."""
    begins, call_id = RECORDINGS.c.started_at, RECORDINGS.c.call_id
    ways = []
    if wanted.agent is not None:
        # a recording begins seconds after its call arrives; the conditions look at the very moment
        near = _times(CALLS.c.arrived_at, wanted, NEAR_S)
        ways.append(_Walk("agent", CALLS.c.arrived_at, CALLS.c.call_id, (CALLS.c.agent == wanted.agent, *near)))
    times = _times(begins, wanted, 0.0)
    if wanted.klass is not None and wanted.klass != "ordinary":
        ways.append(_Walk("class", begins, call_id, (RECORDINGS.c.klass == wanted.klass, *times)))
    ways.append(_Walk("time", begins, call_id, tuple(times)))
    found = next((way for way in ways if not name or way.name == name), None)
    if found is None:
        raise BadInput("bad_cursor", field="after")
    return found


def _times(at: Any, wanted: RecordingFilter, slack_s: float) -> list[ColumnElement[bool]]:
    told: list[ColumnElement[bool]] = [] if wanted.since is None else [at >= wanted.since - slack_s]
    return told if wanted.until is None else [*told, at < wanted.until + slack_s]


def _conditions(wanted: RecordingFilter) -> list[ColumnElement[bool]]:
    """Everything that is asked, of a recording that was come upon by its call id: no other index may lead elsewhere."""
    told = [*_lengths(_plain(RECORDINGS.c.length_s), wanted), *_times(_plain(RECORDINGS.c.started_at), wanted, 0.0)]
    equal = ((RECORDINGS.c.klass, wanted.klass), (RECORDINGS.c.state, wanted.state), (CALLS.c.agent, wanted.agent))
    told += [_plain(column) == value for column, value in equal if value is not None]
    if wanted.own_since:
        told.append(_plain(CALLS.c.arrived_at) >= wanted.own_since)
    if wanted.line:
        told.append(_plain(CALLS.c.line) == wanted.line)
    numbers = ((CALLS.c.caller, wanted.caller), (CALLS.c.dialled, wanted.dialled))
    told += [_begins(_plain(column), forms) for column, forms in numbers if forms]
    return told


def _fitting(connection: Connection, wanted: RecordingFilter, calls: Sequence[str]) -> dict[str, _Place]:
    """Those of these calls whose recording fits, each with the place of its recording."""
    left = set(calls)
    for query in _beside(wanted, calls):
        left &= set(connection.execute(query).scalars())
    if not left:
        return {}
    of_call = RECORDINGS.c.call_id
    joined = RECORDINGS.outerjoin(CALLS, CALLS.c.call_id == of_call)
    rows = select(of_call, RECORDINGS.c.started_at).select_from(joined).where(of_call.in_(sorted(left)), *_conditions(wanted))
    return {row.call_id: (float(row.started_at), str(row.call_id)) for row in connection.execute(rows)}


def _beside(wanted: RecordingFilter, calls: Sequence[str]) -> Iterator[Select[Any]]:
    """What stands in other tables, each as the calls among these that fit it."""
    if wanted.calls is not None:
        yield select(RECORDINGS.c.call_id).where(RECORDINGS.c.call_id.in_(sorted(set(calls) & set(wanted.calls))))
    if wanted.third:
        yield select(ATTEMPTS.c.call_id).where(ATTEMPTS.c.call_id.in_(calls), _begins(_plain(ATTEMPTS.c.number), wanted.third))
    if wanted.party:
        yield select(TRANSFERS.c.call_id).where(TRANSFERS.c.call_id.in_(calls), _plain(TRANSFERS.c.party) == wanted.party)
    if wanted.hold:
        yield select(HELD.c.call_id).where(HELD.c.call_id.in_(calls), _plain(HELD.c.key) == wanted.hold)
    if wanted.is_held:
        held = select(HELD.c.call_id).join(HOLDS, HOLDS.c.key == HELD.c.key)
        yield held.where(HELD.c.call_id.in_(calls), HOLDS.c.released_at.is_(None))


def _plain(column: Any) -> Any:
    """The same value, which no index knows: a planner without good counts would else leave the few rows for a wide index."""
    return column.concat("") if isinstance(column.type, Text) else column + 0.0


def _lengths(length: Any, wanted: RecordingFilter) -> Iterator[ColumnElement[bool]]:
    if wanted.shortest_s is not None:
        yield length >= wanted.shortest_s
    if wanted.longest_s is not None:
        yield length <= wanted.longest_s


def _begins(column: Any, forms: Sequence[str]) -> ColumnElement[bool]:
    """Stretches of the index on numbers, whatever the database's order of signs is: all of them are digits."""
    each = [
        and_(column >= form, column <= form + "9" * LONGEST_NUMBER, column.startswith(form, autoescape=True)) for form in forms
    ]  # fmt: skip
    return or_(*each)


def _found(connection: Connection, calls: Sequence[str]) -> tuple[FoundRecording, ...]:
    """These recordings in this order, with what stands beside them."""
    if not calls:
        return ()
    columns = [column.label(f"{prefix}_{column.name}") for prefix, table in (("r", RECORDINGS), ("c", CALLS)) for column in table.c]
    joined = RECORDINGS.outerjoin(CALLS, CALLS.c.call_id == RECORDINGS.c.call_id)
    rows = connection.execute(select(*columns).select_from(joined).where(RECORDINGS.c.call_id.in_(calls)))
    by_call = {row.r_call_id: row for row in rows}
    held: dict[str, list[str]] = {}
    cases = select(HELD.c.call_id, HELD.c.key).join(HOLDS, HOLDS.c.key == HELD.c.key)
    for one in connection.execute(cases.where(HELD.c.call_id.in_(calls), HOLDS.c.released_at.is_(None)).order_by(HELD.c.key)):
        held.setdefault(one.call_id, []).append(one.key)
    thirds: dict[str, list[str]] = {}
    asked = select(TRANSFERS.c.call_id, TRANSFERS.c.name, TRANSFERS.c.party, TRANSFERS.c.to, TRANSFERS.c.queue)
    for each in connection.execute(asked.where(TRANSFERS.c.call_id.in_(calls)).order_by(TRANSFERS.c.call_id, TRANSFERS.c.n)):
        names = thirds.setdefault(each.call_id, [])
        name = each.name or each.party or each.to or each.queue
        if name and name not in names:
            names.append(name)
    counted = select(SEGMENTS.c.call_id, func.count()).where(SEGMENTS.c.call_id.in_(calls)).group_by(SEGMENTS.c.call_id)
    segments: dict[str, int] = {str(call_id): int(count) for call_id, count in connection.execute(counted)}
    return tuple(_one(by_call[call_id], held, thirds, segments) for call_id in calls if call_id in by_call)


def _one(row: Any, held: dict[str, list[str]], thirds: dict[str, list[str]], segments: dict[str, int]) -> FoundRecording:
    told, key = row._mapping, row.r_call_id
    recording = RecordingRow(**{name: told[f"r_{name}"] for name in RecordingRow.__dataclass_fields__})
    call = CallRow(**{name: told[f"c_{name}"] for name in CallRow.__dataclass_fields__}) if told["c_call_id"] is not None else None
    return FoundRecording(recording, call, tuple(held.get(key, ())), tuple(thirds.get(key, ())), segments.get(key, 0))


def _behind(at: Any, call_id: Any, place: _Place) -> ColumnElement[bool]:
    # the first part is the stretch of the index, the second leaves out what the page before had of the same moment
    return and_(at <= place[0], or_(at < place[0], call_id < place[1]))


def _told(name: str, place: _Place) -> str:
    return f"{name}~{place[0]!r}~{place[1]}"


def _read(cursor: str) -> tuple[str, _Place]:
    name, _, rest = cursor.partition("~")
    at, _, call_id = rest.partition("~")
    try:
        return name, (float(at), call_id)
    except ValueError as error:
        raise BadInput("bad_cursor", field="after") from error
