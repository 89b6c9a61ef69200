"""The web application: routes, handlers, headers and the lifespan of the desk's parts."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from fastapi import FastAPI
from fastapi.staticfiles import StaticFiles
from fastapi.telemetry import TelemetryConfig
from fastapi.templating import Jinja2Templates

from agent_desktop import socket
from agent_desktop.desk import open_desk
from agent_desktop.headers import SecurityHeaders
from agent_desktop.refusals import install_handlers
from agent_desktop.routes import (
    acts,
    audit,
    callbacks,
    calls,
    case_export,
    dialling,
    docs,
    drafts,
    foreign_tickets,
    history,
    improper_returns,
    keeping,
    knowledge,
    live,
    metrics,
    own_day,
    pages,
    parties,
    people,
    phone,
    recording_notes,
    recording_search,
    recordings,
    rules,
    sign_in,
    ticket_exports,
    ticket_files,
    ticket_own,
    ticket_words,
    tickets,
    topics,
    training,
    units,
    webhooks,
)
from agent_desktop.static_version import static_version
from hotline_core.adapters import clock
from hotline_core.log import Log, open_log
from hotline_core.settings import Settings

HERE = Path(__file__).parent


def create_app(
    settings: Settings,
    *,
    log: Log | None = None,
    now: Callable[[], float] = clock.now,
    templates: Path = HERE / "templates",
    static: Path = HERE / "static",
) -> FastAPI:
    """The application of one desk; its parts start and stop with the lifespan."""
    log = log or open_log("desk", settings.log_level)
    desk = open_desk(settings, log, now)

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncGenerator[None, None]:
        desk.start()
        try:
            yield
        finally:
            await desk.close()

    # FastAPI's own telemetry would hand query strings, citizens' numbers among them, to whatever exporter the machine has.
    silent: TelemetryConfig = {"tracing": False, "metrics": False, "logs": False, "operation_spans": False, "auto_configure": False}
    app = FastAPI(title="hotline", version="1", lifespan=lifespan, docs_url=None, redoc_url=None, telemetry=silent)
    app.state.desk = desk
    app.state.templates = Jinja2Templates(directory=[templates, HERE / "api_docs"])
    app.state.version = static_version(static)
    of_tickets = (ticket_words, ticket_own, ticket_exports, tickets, ticket_files, foreign_tickets, improper_returns)
    of_calls = (calls, history, own_day, callbacks, dialling, drafts, acts, live)
    of_sound = (recordings, recording_search, recording_notes, keeping, training, case_export)
    others = (sign_in, audit, knowledge, metrics, parties, people, phone, topics, rules, units, webhooks, pages, docs)
    for module in (*of_calls, *of_sound, *others, *of_tickets):
        app.include_router(module.router)
    app.include_router(socket.router)
    # under its version a script's own imports have it too: a reloaded desk asks for none of its sixty modules again
    app.mount(f"/static/v/{app.state.version}", StaticFiles(directory=static, check_dir=False), name="versioned")
    app.mount("/static", StaticFiles(directory=static, check_dir=False), name="static")
    install_handlers(app, desk.wording, log)
    app.add_middleware(SecurityHeaders, is_tls=settings.certificate is not None)
    return app
