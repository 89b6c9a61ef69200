"""Which sign-in an extension's telephone belongs to, in the database: the newest of its person that opened the desk's page."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Engine, delete, select, update

from hotline_core.adapters.engine import reading, writing
from hotline_core.adapters.tickets_schema import phone_holders
from hotline_core.errors import Conflict


@dataclass(frozen=True, slots=True)
class Holder:
    """One row; `set_at` (epoch seconds) is when Asterisk confirmed the telephone, None before."""

    extension: str
    login: str
    role: str
    sid: str
    issued: float
    set_at: float | None = None


class PhoneHolders:
    """Reads and writes the table; synchronous, call it off the event loop."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def everyone(self) -> dict[str, Holder]:
        """All holders by extension."""
        with reading(self._engine) as connection:
            rows = connection.execute(select(phone_holders)).all()
        return {row.extension: Holder(**row._mapping) for row in rows}

    def claim(self, wanted: Holder) -> tuple[Holder, Holder | None]:
        """Take the telephone: who has it now, and whom it was taken from; Conflict (`phone_elsewhere`) if that one is newer."""
        with writing(self._engine) as connection:
            row = connection.execute(select(phone_holders).where(phone_holders.c.extension == wanted.extension)).one_or_none()
            found = None if row is None else Holder(**row._mapping)
            if found is not None and found.sid == wanted.sid:
                return found, None
            if found is not None and found.login == wanted.login and found.issued > wanted.issued:
                raise Conflict("phone_elsewhere")
            connection.execute(delete(phone_holders).where(phone_holders.c.extension == wanted.extension))
            values = {name: getattr(wanted, name) for name in Holder.__dataclass_fields__}
            connection.execute(phone_holders.insert().values(**values))
        return wanted, found

    def confirm(self, holder: Holder, now: float) -> None:
        """Asterisk has the telephone of this very holder."""
        where = (phone_holders.c.extension == holder.extension, phone_holders.c.sid == holder.sid)
        with writing(self._engine) as connection:
            connection.execute(update(phone_holders).where(*where).values(set_at=now))

    def release(self, holder: Holder) -> None:
        """The holder's session is over; a newer holder keeps the telephone."""
        where = (phone_holders.c.extension == holder.extension, phone_holders.c.sid == holder.sid)
        with writing(self._engine) as connection:
            connection.execute(delete(phone_holders).where(*where))
