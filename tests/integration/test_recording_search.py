"""Finding recordings: every condition and many of them together, page by page, against a plain recount; and who may ask what."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from random import Random

import httpx
import pytest
from sqlalchemy import Engine, insert

from hotline_core.adapters.calls_schema import ATTEMPTS, CALLS, HELD, HOLDS, RECORDINGS, SEGMENTS, TRANSFERS
from hotline_core.adapters.engine import make_engine, writing
from hotline_core.adapters.migrate import migrate_calls
from hotline_core.adapters.recording_search import RecordingFilter, RecordingSearch
from hotline_core.domain.records import AttemptRow, CallRow, TransferRow
from hotline_core.errors import BadInput
from tests.integration.desk_kit import settings_of
from tests.integration.ticket_room import BEGIN, Room, open_room

pytestmark = pytest.mark.integration
CASE, OLD_CASE = "（2026）皖1302民初17号", "2025-1"


@dataclass(frozen=True)
class Kept:
    """One recording as the recount knows it."""

    call: CallRow
    at: float
    length_s: float
    klass: str
    state: str
    party: str
    third: str
    holds: tuple[str, ...]


def shelf(count: int, seed: int, begin: float = 1_000_000.0) -> list[Kept]:
    """So many recordings; some of one moment, some rare in one respect."""
    chance = Random(seed)
    made = []
    for number in range(count):
        at = begin + 60.0 * (number // 3)
        is_out = chance.random() < 0.2
        caller = chance.choice(("13855700001", "13955701111", f"138557{number:05}", "05573020001", ""))
        dialled = caller if is_out else chance.choice(("12328", "055712345"))
        call = CallRow(
            f"h1-{number:04}.1", chance.choice(("12328", "12345")), caller, dialled, "ended", at - 5.0, ended_at=at + 60,
            agent=chance.choice(("1001", "1001", "1002", None)), direction="out" if is_out else "in",
        )  # fmt: skip
        has_third = chance.random() < 0.2
        made.append(Kept(
            call, at, chance.choice((3.0, 60.0, 60.0, 180.0, 4000.0 if number % 50 == 7 else 200.0)),
            chance.choice(("ordinary",) * 6 + ("ticket", "complaint", "emergency")), chance.choice(("ready",) * 9 + ("failed",)),
            chance.choice(("rescue", "metro")) if has_third else "", chance.choice(("12395", "055161110")) if has_third else "",
            ((CASE,) if number % 40 == 3 else ()) + ((OLD_CASE,) if number % 60 == 3 else ()),
        ))  # fmt: skip
    return made


def put(engine: Engine, kept: list[Kept]) -> None:
    """Into the database, two segments for each third."""
    with writing(engine) as connection:
        connection.execute(insert(CALLS), [asdict(each.call) for each in kept])
        connection.execute(insert(RECORDINGS), [
            {"call_id": each.call.call_id, "started_at": each.at, "length_s": each.length_s, "klass": each.klass}
            | {"state": each.state} for each in kept
        ])  # fmt: skip
        for each in kept:
            if each.third:
                row = TransferRow(each.call.call_id, 1, "consult", each.at + 9, party=each.party, name=f"the {each.party}")
                connection.execute(insert(TRANSFERS), asdict(row))
                tried = AttemptRow(each.call.call_id, 1, 1, each.at + 10, leg=1, number=each.third)
                connection.execute(insert(ATTEMPTS), asdict(tried))
                for leg in (1, 2):
                    told = {"call_id": each.call.call_id, "leg": leg, "access": "consult", "started_at": each.at, "state": "ready"}
                    connection.execute(insert(SEGMENTS), told)
            for key in each.holds:
                connection.execute(insert(HELD), {"key": key, "call_id": each.call.call_id})
        connection.execute(insert(HOLDS), [
            {"key": CASE, "reason": "x", "by": "lead", "at": 1.0, "released_at": None},
            {"key": OLD_CASE, "reason": "x", "by": "lead", "at": 1.0, "released_at": 2.0},
        ])  # fmt: skip


def fits(each: Kept, wanted: RecordingFilter) -> bool:
    """The recount's own reading of a filter."""
    call = each.call

    def begins(number: str, forms: tuple[str, ...]) -> bool:
        return not forms or any(number.startswith(form) for form in forms)

    return all((
        begins(call.caller, wanted.caller), begins(call.dialled, wanted.dialled), begins(each.third, wanted.third),
        wanted.party in ("", each.party), wanted.agent in (None, call.agent), call.arrived_at >= wanted.own_since,
        wanted.line in ("", call.line), wanted.calls is None or call.call_id in wanted.calls, wanted.klass in (None, each.klass),
        wanted.state in (None, each.state), not wanted.hold or wanted.hold in each.holds, not wanted.is_held or CASE in each.holds,
        wanted.shortest_s is None or each.length_s >= wanted.shortest_s,
        wanted.longest_s is None or each.length_s <= wanted.longest_s,
        wanted.since is None or each.at >= wanted.since, wanted.until is None or each.at < wanted.until,
    ))  # fmt: skip


def any_filter(chance: Random, kept: list[Kept]) -> RecordingFilter:
    """One to four conditions."""
    one = chance.choice(kept)
    end = kept[-1].at
    ways: dict[str, Callable[[], object]] = {
        "caller": lambda: chance.choice((("138",), ("13855700001",), ("3020001", "05573020001"), ("999",))),
        "dialled": lambda: chance.choice((("12328",), ("0557",), ("138557",))),
        "third": lambda: chance.choice((("12395",), ("0551",))), "party": lambda: chance.choice(("rescue", "metro", "nobody")),
        "agent": lambda: chance.choice(("1001", "1002", "1009")), "line": lambda: one.call.line,
        "own_since": lambda: chance.uniform(1_000_000, end), "calls": lambda: (one.call.call_id,), "klass": lambda: one.klass,
        "state": lambda: one.state, "hold": lambda: chance.choice((CASE, OLD_CASE)), "is_held": lambda: True,
        "shortest_s": lambda: chance.choice((60.0, 300.0)), "longest_s": lambda: chance.choice((3.0, 60.0)),
        "since": lambda: chance.uniform(1_000_000, end), "until": lambda: chance.uniform(1_000_000, end),
    }  # fmt: skip
    chosen = chance.sample(sorted(ways), chance.choice((0, 1, 1, 2, 3, 4)))
    told: dict[str, object] = {name: ways[name]() for name in chosen}
    return RecordingFilter(**told)  # type: ignore[arg-type]


@pytest.fixture
def engine(calls_url: str) -> Iterator[Engine]:
    migrate_calls(calls_url)
    made = make_engine(calls_url)
    yield made
    made.dispose()


def test_whatever_is_asked_together_page_after_page_every_recording_that_fits_comes_once(engine: Engine, seed: int) -> None:
    """Rare or not, walked in little windows or found at once: the same as a plain recount of every row."""
    kept = shelf(400, seed)
    put(engine, kept)
    search, chance = RecordingSearch(engine, few=20, looked=30), Random(seed)
    cut = 0
    for _ in range(150):
        wanted = any_filter(chance, kept)
        expected = {each.call.call_id for each in kept if fits(each, wanted)}
        seen: list[str] = []
        after, pages = None, 0
        while after is not None or not pages:
            page = search.page(wanted, 7, after)
            assert len(page.recordings) <= 7
            assert page.looked_until is None or page.next is not None
            cut += page.looked_until is not None
            seen += [each.recording.call_id for each in page.recordings]
            after, pages = page.next, pages + 1
            assert pages <= 80, wanted
        assert len(seen) == len(set(seen)), wanted
        assert set(seen) == expected, wanted
        assert seen == sorted(seen, key=lambda key: (int(key[3:7]) // 3, key), reverse=True), wanted
    assert cut > 10, "pages that end for the work they are were among them"


def test_beside_a_recording_stand_its_cases_its_thirds_and_its_segments(engine: Engine) -> None:
    """Cases in force alone; a name once."""
    kept = [each for each in shelf(60, 4) if each.third or each.holds]
    put(engine, kept)
    found = {each.recording.call_id: each for each in RecordingSearch(engine).page(RecordingFilter(), 100).recordings}
    for each in kept:
        one = found[each.call.call_id]
        assert one.holds == tuple(key for key in each.holds if key == CASE)
        assert one.thirds == ((f"the {each.party}",) if each.third else ())
        assert (one.segments, one.call) == (2 if each.third else 0, each.call)


def test_a_place_of_another_question_is_refused(engine: Engine) -> None:
    """A page's word for the next one belongs to what was asked."""
    search = RecordingSearch(engine)
    for after in ("agent~5.0~h1-1", "hold~5.0~h1-1", "time~x~h1", "", "no"):
        if after:
            with pytest.raises(BadInput, match="bad_cursor"):
                search.page(RecordingFilter(), 5, after)


@pytest.fixture
async def room(short_folder: Path, database_url: str) -> AsyncGenerator[Room, None]:
    """Both databases in one, of either kind; forty recordings, the third one's call with a ticket."""
    settings = settings_of(short_folder, tickets_database=database_url, calls_database=database_url)
    async with open_room(settings) as made:
        put(made.desk.calls_engine, shelf(90, 1, BEGIN))
        made.clock[0] = BEGIN + 3000
        yield made


async def asks(room: Room, login: str, **query: object) -> httpx.Response:
    return await (await room.as_(login)).get("/api/recordings", params={key: str(value) for key, value in query.items()})


async def ids(room: Room, login: str, **query: object) -> set[str]:
    answer = await asks(room, login, limit=500, **query)
    assert answer.status_code == 200, answer.text
    return {row["call_id"] for row in answer.json()["recordings"]}


async def test_a_supervisor_finds_recordings_by_each_condition(room: Room) -> None:
    """Over the same HTTP that the page uses; a number however it is written."""
    kept = shelf(90, 1, BEGIN)

    def meant(**wanted: object) -> set[str]:
        found = {each.call.call_id for each in kept if fits(each, RecordingFilter(**wanted))}  # type: ignore[arg-type]
        assert found, wanted
        return found

    lead = "supervisor1"
    assert await ids(room, lead, caller="138 5570-0001") == meant(caller=("13855700001",))
    assert await ids(room, lead, caller="3020001") == meant(caller=("05573020001",))
    assert await ids(room, lead, dialled="0557 12345") == meant(dialled=("055712345",))
    assert await ids(room, lead, third="12395") == meant(third=("12395",))
    assert await ids(room, lead, party="metro") == meant(party="metro")
    assert await ids(room, lead, agent="1002", line="12345") == meant(agent="1002", line="12345")
    assert await ids(room, lead, klass="complaint") == meant(klass="complaint")
    assert await ids(room, lead, held="true") == meant(is_held=True) == await ids(room, lead, hold=CASE)
    assert await ids(room, lead, shortest_s=3600) == meant(shortest_s=3600.0)
    assert await ids(room, lead, longest_s=3, since=BEGIN + 60) == meant(longest_s=3.0, since=BEGIN + 60)
    assert await ids(room, lead, state="failed", until=BEGIN + 900) == meant(state="failed", until=BEGIN + 900)
    row = next(row for row in (await asks(room, lead, held="true")).json()["recordings"])
    assert row["holds"] == [CASE]


async def test_recordings_of_a_ticket_are_found_by_its_number(room: Room) -> None:
    """And beside a recording stands the ticket of its call."""
    with writing(room.desk.calls_engine) as connection:
        connection.execute(CALLS.update().where(CALLS.c.call_id == "h1-0007.1").values(agent="1001"))
        connection.execute(CALLS.update().where(CALLS.c.call_id == "h1-0012.1").values(about="h1-0007.1"))
    answer = await (await room.as_("agent1")).post("/api/tickets", json=_of_call("h1-0007.1"))
    assert answer.status_code == 201, answer.text
    number = answer.json()["number"]
    assert await ids(room, "supervisor1", ticket=number) == {"h1-0007.1", "h1-0012.1"}, "with the call to the citizen about it"
    row = (await asks(room, "supervisor1", ticket=number)).json()["recordings"][-1]
    assert [each["number"] for each in row["tickets"]] == [number]
    missing = await asks(room, "supervisor1", ticket="2026999999")
    assert (missing.status_code, missing.json()["code"]) == (404, "unknown_ticket")


def _of_call(call_id: str) -> dict[str, object]:
    content = {"line": "12328", "klass": "complaint", "field": "city_passenger", "title": "拒载", "area": "east"}
    return {"content": content, "call_id": call_id, "act": "", "facts": {}}


async def test_an_agent_finds_the_own_calls_alone_whatever_is_asked(room: Room) -> None:
    """Another's are not told by a count, a number, or a case."""
    own = await ids(room, "agent1")
    assert own == {each.call.call_id for each in shelf(90, 1, BEGIN) if each.call.agent == "1001"}
    assert await ids(room, "agent1", agent="1002") == set()
    assert await ids(room, "agent1", caller="138") < own
    for query in ({"held": "true"}, {"hold": CASE}):
        refused = await asks(room, "agent1", **query)
        assert (refused.status_code, refused.json()["code"]) == (403, "forbidden")
    rows = (await asks(room, "agent1", limit=500)).json()["recordings"]
    assert not any(row["holds"] for row in rows)
    assert (await asks(room, "clerk1")).status_code == 403


REFUSED: tuple[tuple[dict[str, object], int, str], ...] = (
    ({"caller": "13"}, 422, "few_digits"), ({"dialled": "+1"}, 422, "few_digits"), ({"caller": "abc"}, 422, "bad_input"),
    ({"since": 9, "until": 9}, 422, "bad_period"), ({"shortest_s": 61, "longest_s": 60}, 422, "bad_length"),
    ({"shortest_s": -1}, 422, "bad_input"), ({"shortest_s": "nan"}, 422, "bad_input"), ({"klass": "secret"}, 422, "bad_input"),
    ({"state": "x"}, 422, "bad_input"), ({"hold": "no such case"}, 404, "unknown_hold"), ({"colour": "red"}, 422, "bad_input"),
    ({"before": "time~1.0"}, 422, "bad_input"), ({"before": "agent~1.0~h1-1.1"}, 422, "bad_cursor"),
    ({"before": "time~1.e.5~h1"}, 422, "bad_cursor"), ({"limit": 0}, 422, "bad_input"), ({"ticket": "x"}, 422, "bad_input"),
)  # fmt: skip


async def test_what_cannot_be_looked_for_is_refused_with_a_code_and_a_sentence(room: Room) -> None:
    """Never with nothing found, which would read as an answer."""
    for query, status, code in REFUSED:
        answer = await asks(room, "supervisor1", **query)
        assert (answer.status_code, answer.json()["code"]) == (status, code), query
        assert answer.json()["message"], query
