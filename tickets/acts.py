"""The words of a ticket's life: its stages, the acts that change it, and the right each act needs."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal, get_args

Stage = Literal[
    "draft",  # being written; not yet anybody's to answer
    "accepted",  # taken on, waits for dispatch (待派)
    "answered",  # answered at once, in the call (即时答复; R17)
    "refused",  # not accepted, with a code N1-N9 and the reason told (R39)
    "void",  # cut off, silent or harassing call, with its kind (R22)
    "dispatched",  # sent to a unit, not yet signed
    "signed",  # the unit has taken it (签收; R46)
    "in_hand",  # being worked on; the caller was contacted, or the work was sent back for more
    "return_asked",  # the unit says it is not theirs (退单; R52)
    "replied",  # the unit has replied, the centre has not checked
    "checked",  # form checked (R53), waits for its follow-up
    "closed",
    "archived",
    "merged",  # goes on in another ticket
]
Act = Literal[
    "accept", "answer", "refuse", "void",
    "dispatch", "tell_by_phone", "sign", "forward", "contact",
    "ask_extension", "grant_extension", "refuse_extension",
    "ask_return", "grant_return", "refuse_return",
    "suspend", "resume", "override",
    "reply", "ask_supplement", "check", "follow_up", "rework",
    "close", "archive", "reopen", "merge", "note", "correct",
    "ask_superior", "advise",
    "contest_return", "call_review", "settle_dispute", "chase",
]  # fmt: skip
Right = Literal[
    "write_ticket", "dispatch_ticket", "handle_ticket", "approve_extension", "decide_ticket", "archive_ticket", "note_ticket",
    "advise_ticket", "settle_dispute",
]  # fmt: skip

STAGES: tuple[Stage, ...] = get_args(Stage)
ACTS: tuple[Act, ...] = get_args(Act)
# Which right of the rights table each act needs; `grant_extension` and `refuse_extension` need `approve_extension` where the
# profile says that the unit's head decides, and `decide_ticket` where the centre does (R51).
RIGHT_OF: Mapping[Act, Right] = MappingProxyType({
    "accept": "write_ticket", "answer": "write_ticket", "refuse": "write_ticket", "void": "write_ticket",
    "dispatch": "dispatch_ticket", "tell_by_phone": "dispatch_ticket",
    "sign": "handle_ticket", "forward": "handle_ticket", "contact": "handle_ticket",
    "ask_extension": "handle_ticket", "grant_extension": "approve_extension", "refuse_extension": "approve_extension",
    "ask_return": "handle_ticket", "grant_return": "decide_ticket", "refuse_return": "decide_ticket",
    "suspend": "decide_ticket", "resume": "decide_ticket", "override": "decide_ticket",
    "reply": "handle_ticket", "ask_supplement": "decide_ticket", "check": "decide_ticket", "follow_up": "decide_ticket",
    "rework": "decide_ticket", "close": "decide_ticket", "archive": "archive_ticket", "reopen": "decide_ticket",
    "merge": "decide_ticket", "note": "note_ticket", "correct": "write_ticket",
    "ask_superior": "write_ticket", "advise": "advise_ticket",
    "contest_return": "handle_ticket", "call_review": "decide_ticket", "settle_dispute": "settle_dispute",
    "chase": "dispatch_ticket",
})  # fmt: skip
