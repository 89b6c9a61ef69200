"""Owns hostile use of the API as its own description tells it: made-up and injected requests, and what is a fault."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import hypothesis
import schemathesis
from fastapi import FastAPI
from hypothesis import HealthCheck, Phase
from hypothesis.errors import Unsatisfiable
from schemathesis.generation import GenerationMode

from agent_desktop.headers import ALWAYS

CHINESE = re.compile(r"[\u4e00-\u9fff]")
LEAKS = re.compile(r"Traceback|File \"|site-packages|sqlalchemy|psycopg|sqlite3|/etc/passwd|secrets\.json")
HEALTH = "/api/health"  # its 503 tells what is down
UNAVAILABLE = 503  # the bridge that these tests do not have
PATH = "../../../../etc/passwd"
# Words that mean more to whoever reads them next: AMI, HTTP, a shell, Asterisk, SQL, a template, a page, a path, a table.
WORDS = (
    "x\r\nAction: Originate\r\nApplication: System", "x\nSet-Cookie: hotline_session=y", "$(id)`id`;id|id", "${SHELL(id)}",
    "x' OR '1'='1';--",
    "{{7*7}}${7*7}<%=7*7%>", "<script>alert(1)</script>", PATH, "=cmd|'/C calc'!A0",
    "\u202egnp.exe", "x\x00y", "\ud7ff\U0010ffff", "110&Local/s@watchdog", "PJSIP/00861000@trunk-demo", "a" * 5000,
)  # fmt: skip


@dataclass(slots=True)
class Outcome:
    """What came back, by status, and every fault."""

    asked: int = 0
    statuses: Counter[int] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)

    def take(self, case: Any, response: Any) -> None:
        """Judge one answer: never an error of ours, each refusal a code and a Chinese sentence, all headers, no inside."""
        self.asked += 1
        self.statuses[response.status_code] += 1
        text = response.content.decode("utf-8", "replace")  # a workbook is no text
        said = f"{case.method} {case.formatted_path} {str(case.body)[:200]!r}: {response.status_code} {text[:200]!r}"
        heads = {name.lower(): " ".join(values) for name, values in response.headers.items()}
        if response.status_code >= 500 and response.status_code != UNAVAILABLE:
            self.faults.append(said)
        if response.status_code >= 400 and case.path != HEALTH and not _is_clear(response):
            self.faults.append(f"no sentence: {said}")
        if missing := [name for name in ALWAYS if name not in heads]:
            self.faults.append(f"without {missing}: {said}")
        if LEAKS.search(text.replace(PATH, "")):  # what somebody asked for stands in the audit trail, and in a ticket
            self.faults.append(f"leaks: {said}")
        if any("\n" in value or "\r" in value for value in heads.values()) or "hotline_session=y" in str(heads):
            self.faults.append(f"splits its answer: {said}")


def _is_clear(response: Any) -> bool:
    told = response.json()
    return set(told) == {"code", "message", "facts"} and CHINESE.search(told["message"]) is not None


def operations(app: FastAPI) -> list[Any]:
    """Every operation that the description of the API names, but signing in: its lock-out would judge all the rest."""
    found: list[Any] = list(schemathesis.openapi.from_asgi("/openapi.json", app).get_all_operations())
    return [each for each in (result.ok() for result in found) if each.path not in ("/api/sign-in", "/api/password")]


def made_up(operation: Any, token: str, seed: int, count: int) -> Outcome:
    """`count` requests that fit the description and as many that do not."""
    outcome = Outcome()
    for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):

        @hypothesis.seed(seed)
        @hypothesis.settings(
            max_examples=count, deadline=None, database=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck)
        )
        @hypothesis.given(case=operation.as_strategy(generation_mode=mode))
        def ask(case: Any) -> None:
            outcome.take(case, case.call(headers={"Authorization": f"Bearer {token}"}))

        with suppress(Unsatisfiable):  # nothing of this operation can be spoilt: it has no field
            ask()
    return outcome


def injected(operation: Any, token: str) -> Outcome:
    """Each hostile word in each text of the path, the query and the body, the other fields as the description's first example."""
    outcome = Outcome()
    for word in WORDS:
        for case in _cases(operation, word):
            outcome.take(case, case.call(headers={"Authorization": f"Bearer {token}"}))
    return outcome


def _cases(operation: Any, word: str) -> Iterator[Any]:
    path = {each.name: "x" for each in operation.path_parameters}
    fields = _fields(operation)
    plain = dict.fromkeys(fields, "x")
    for name in path:
        yield operation.Case(path_parameters={**path, name: word}, body=plain or _none(operation))
    for each in operation.query:
        yield operation.Case(path_parameters=path, query={each.name: word}, body=plain or _none(operation))
    for name in fields:
        yield operation.Case(path_parameters=path, body={**plain, name: word})


def _none(operation: Any) -> Any:
    return {} if operation.body else schemathesis.core.NOT_SET


def _fields(operation: Any) -> list[str]:
    """The names of all fields of a JSON body; a text where a number belongs is an injection too."""
    described = operation.schema.raw_schema
    body = described["paths"][operation.path][operation.method].get("requestBody")
    if body is None:
        return []
    model = body["content"]["application/json"]["schema"]["$ref"].rpartition("/")[2]
    return list(described["components"]["schemas"][model].get("properties", {}))
