"""People as data: who there is, added, changed and let in or out while calls run; one's own password; pause reasons."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Request
from pydantic import BaseModel, ConfigDict, Field

from agent_desktop.accounts import new_telephone, random_password
from agent_desktop.asking import Needs, address_of, desk_of
from agent_desktop.desk import Desk
from agent_desktop.gate import Caller
from agent_desktop.pause_reasons import PauseReason
from agent_desktop.people import Person
from agent_desktop.person_rules import check_fields, check_login, check_password
from agent_desktop.rights import ROLES
from asterisk_conf.telephones import user_of
from hotline_core.errors import Forbidden, NotFound, SetupError

router = APIRouter(prefix="/api", tags=["people"])
Manager = Annotated[Caller, Depends(Needs("manage_people"))]
Login = Annotated[str, Path(min_length=1, max_length=64)]


class _Asked(BaseModel):
    model_config = ConfigDict(extra="forbid")


class PersonOut(BaseModel):
    """One person; `has_telephone` is true once a hardware telephone has a password."""

    login: str
    name: str
    role: str
    extension: str | None
    queues: list[str]
    phone_kind: str
    has_telephone: bool
    disabled: bool
    unit: str | None


class Changed(BaseModel):
    """What became of it; `in_force` is false while the telephones' side still waits for the bridge."""

    person: PersonOut
    in_force: bool


class Secret(BaseModel):
    """A password, shown this once."""

    password: str
    in_force: bool


class Telephone(Secret):
    """What is typed into a hardware SIP telephone; the password is shown this once."""

    user: str
    port: int
    transport: str


class QueueOut(BaseModel):
    """One queue of the city."""

    key: str
    name: str


class UnitOut(BaseModel):
    """One unit that officers can belong to."""

    key: str
    name: str


class Everybody(BaseModel):
    """All people, and what a person can be given."""

    people: list[PersonOut]
    roles: list[str]
    queues: list[QueueOut]
    extensions: list[str]
    units: list[UnitOut]


class NewPerson(_Asked):
    """A person to add."""

    login: str
    name: str
    role: str
    extension: str = ""
    queues: list[str] = []
    phone_kind: str = "page"
    unit: str = ""


class PersonChange(_Asked):
    """Fields to change; what is left out stays."""

    name: str | None = None
    role: str | None = None
    extension: str | None = None
    queues: list[str] | None = None
    phone_kind: str | None = None
    unit: str | None = None


class OwnPassword(_Asked):
    """The person's own change."""

    old: str = Field(min_length=1, max_length=256)
    new: str = Field(min_length=1, max_length=256)


class ReasonOut(BaseModel):
    """One pause reason."""

    code: str
    name: str
    position: int
    active: bool


class ReasonChange(_Asked):
    """A reason as it is to be."""

    name: str
    position: int = Field(default=100, ge=0, le=10_000)
    active: bool = True


@router.get("/people")
async def everybody(request: Request, _caller: Manager) -> Everybody:
    """Everybody, and the roles, queues and extensions to choose from."""
    desk = desk_of(request)
    people = await desk.tickets_threads.run(desk.people.everybody)
    return Everybody(
        people=[_told(person) for person in people],
        roles=list(ROLES),
        queues=[QueueOut(key=key, name=queue.name) for key, queue in desk.city.queues.items()],
        extensions=list(desk.city.phones.extensions),
        units=await desk.tickets_threads.run(lambda: _units(desk)),
    )


@router.post("/people", status_code=201)
async def add(asked: NewPerson, request: Request, caller: Manager) -> Secret:
    """Add a person; the random password is in this answer and nowhere else."""
    desk = desk_of(request)
    fields = asked.model_dump() | {"queues": tuple(asked.queues)}
    check_login(asked.login)
    check_fields(fields, desk.city.phones.extensions, desk.city.queues, lambda: desk.policy.policy.units)
    password, hashed = await _new_password(desk)
    person = Person(**fields, password_hash=hashed)
    await desk.tickets_threads.run(lambda: desk.people.add(person, actor=caller.login, now=desk.now()))
    return Secret(password=password, in_force=await desk.people_changed())


@router.patch("/people/{login}")
async def change(login: Login, asked: PersonChange, request: Request, caller: Manager) -> Changed:
    """Change the fields that are given; another role, extension or unit ends the person's sessions."""
    desk = desk_of(request)
    fields = asked.model_dump(exclude_none=True)
    if asked.queues is not None:
        fields["queues"] = tuple(asked.queues)
    check_fields(fields, desk.city.phones.extensions, desk.city.queues, lambda: desk.policy.policy.units)
    person = await desk.tickets_threads.run(lambda: desk.people.change(login, fields, actor=caller.login, now=desk.now()))
    return Changed(person=_told(person), in_force=await desk.people_changed())


@router.post("/people/{login}/disable")
async def disable(login: Login, request: Request, caller: Manager) -> Changed:
    """End the person's sessions and telephone; nobody comes in by this name."""
    return await _set_disabled(request, caller, login, True)


@router.post("/people/{login}/enable")
async def enable(login: Login, request: Request, caller: Manager) -> Changed:
    """Let the person sign in again."""
    return await _set_disabled(request, caller, login, False)


@router.delete("/people/{login}", status_code=204)
async def remove(login: Login, request: Request, caller: Manager) -> None:
    """Forget the person; the audit keeps what they did."""
    desk = desk_of(request)
    await desk.tickets_threads.run(lambda: desk.people.remove(login, actor=caller.login, now=desk.now()))
    await desk.people_changed()


@router.post("/people/{login}/password")
async def new_password(login: Login, request: Request, caller: Manager) -> Secret:
    """A random password instead of a lost one; all sessions of the person end, and so does a lock-out."""
    desk = desk_of(request)
    password, hashed = await _new_password(desk)
    await desk.tickets_threads.run(lambda: desk.people.set_password(login, hashed, actor=caller.login, now=desk.now()))
    await desk.tickets_threads.run(lambda: desk.sign_in.forgive(login))
    return Secret(password=password, in_force=await desk.people_changed())


@router.post("/people/{login}/telephone")
async def telephone(login: Login, request: Request, caller: Manager) -> Telephone:
    """A fresh password of the person's hardware telephone; the former one is dead."""
    desk = desk_of(request)
    password = await desk.tickets_threads.run(lambda: new_telephone(desk.people, login, actor=caller.login, now=desk.now()))
    person = await desk.tickets_threads.run(lambda: desk.people.find(login))
    if person is None:  # removed in this moment
        raise NotFound("unknown_person", login=login)
    in_force = await desk.people_changed()
    return Telephone(
        user=user_of(person.extension), password=password, port=desk.settings.sip_port, transport="UDP", in_force=in_force
    )


@router.delete("/people/{login}/telephone")
async def remove_telephone(login: Login, request: Request, caller: Manager) -> Changed:
    """Take the hardware telephone's password away."""
    desk = desk_of(request)
    person = await desk.tickets_threads.run(lambda: desk.people.set_telephone(login, "", actor=caller.login, now=desk.now()))
    return Changed(person=_told(person), in_force=await desk.people_changed())


@router.post("/password", status_code=204)
async def own_password(asked: OwnPassword, request: Request, caller: Annotated[Caller, Depends(Needs())]) -> None:
    """Change one's own password; one's other sessions end, this one goes on."""
    desk = desk_of(request)
    if not caller.sid:
        raise Forbidden()  # a service token is no person
    check_password(asked.new, caller.login)
    await desk.sign_in.sign_in(caller.login, asked.old, address_of(request), desk.now())
    hashed = await desk.sign_in.hashed(asked.new)
    change = desk.people.set_password
    await desk.tickets_threads.run(lambda: change(caller.login, hashed, actor=caller.login, now=desk.now(), kept_sid=caller.sid))
    await desk.people_changed()


@router.get("/pause-reasons")
async def reasons(request: Request, _caller: Annotated[Caller, Depends(Needs("see_live"))]) -> list[ReasonOut]:
    """All pause reasons in order; inactive ones too, for what was paused with them."""
    desk = desk_of(request)
    return [_reason(reason) for reason in await desk.tickets_threads.run(desk.pause_reasons.everyone)]


@router.put("/pause-reasons/{code}")
async def put_reason(code: str, asked: ReasonChange, request: Request, caller: Manager) -> ReasonOut:
    """Add a reason, or change its name, place or whether it is offered; open pages show it at once."""
    desk = desk_of(request)
    reason = PauseReason(code, asked.name, asked.position, asked.active)
    await desk.tickets_threads.run(lambda: desk.pause_reasons.put(reason, actor=caller.login, now=desk.now()))
    await desk.reasons_changed()
    return _reason(reason)


async def _new_password(desk: Desk) -> tuple[str, str]:
    password = random_password()
    return password, await desk.sign_in.hashed(password)


async def _set_disabled(request: Request, caller: Caller, login: str, is_disabled: bool) -> Changed:
    desk = desk_of(request)
    act = desk.people.set_disabled
    person = await desk.tickets_threads.run(lambda: act(login, is_disabled, actor=caller.login, now=desk.now()))
    return Changed(person=_told(person), in_force=await desk.people_changed())


def _units(desk: Desk) -> list[UnitOut]:
    """The units in the order of their file; none while the rules of tickets are broken, for which nobody else must wait."""
    try:
        units = desk.policy.policy.units
    except SetupError:
        return []
    return [UnitOut(key=unit.key, name=unit.name) for unit in units.values() if unit.is_active]


def _told(person: Person) -> PersonOut:
    return PersonOut(
        login=person.login,
        name=person.name,
        role=person.role,
        extension=person.extension or None,
        queues=list(person.queues),
        phone_kind=person.phone_kind,
        has_telephone=bool(person.phone_digest),
        disabled=person.is_disabled,
        unit=person.unit or None,
    )


def _reason(reason: PauseReason) -> ReasonOut:
    return ReasonOut(code=reason.code, name=reason.name, position=reason.position, active=reason.is_active)
