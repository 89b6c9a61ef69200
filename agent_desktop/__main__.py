"""`python -m agent_desktop`: serves pages, API and /ws on run/desk.sock until SIGTERM."""

from __future__ import annotations

import asyncio
import os
import signal
import sys

import uvicorn

from agent_desktop.app import create_app
from agent_desktop.unix_listener import listen
from hotline_core.errors import HotlineError
from hotline_core.log import open_log, take_over
from hotline_core.settings import load_settings

# Pages reconnect by themselves, so open websockets need no long farewell.
GRACE_S = 1


def main() -> int:
    """Serve; the exit code."""
    try:
        settings = load_settings()
        log = open_log("desk", settings.log_level)
        take_over(log)
        app = create_app(settings, log=log)
        listener = listen(settings.paths.desk_socket)
    except (HotlineError, OSError) as error:
        sys.stderr.write(f"{error}\n")
        return 2
    config = uvicorn.Config(
        app,
        log_config=None,
        log_level="warning",
        access_log=False,
        server_header=False,
        # The desk reads X-Forwarded-For itself: uvicorn trusts a Unix socket only with "*", and then takes the first,
        # forgeable hop.
        proxy_headers=False,
        ws_max_size=16_384,
        ws_ping_interval=10.0,
        ws_ping_timeout=10.0,
        ws_per_message_deflate=False,
        timeout_graceful_shutdown=GRACE_S,
        timeout_keep_alive=65,
        limit_concurrency=2000,
    )
    # uvicorn raises the signal again when it has stopped; this makes a clean stop end with exit code 0.
    signal.signal(signal.SIGTERM, lambda *_: None)
    try:
        asyncio.run(uvicorn.Server(config).serve(sockets=[listener]))
    except KeyboardInterrupt:
        pass
    return 0


if __name__ == "__main__":
    code = main()
    sys.stderr.flush()
    # Not sys.exit: it would wait for a thread that hangs in a database that went away.
    os._exit(code)
