"""What a process prints when something breaks: one JSON line that names the place, and nothing that the error quotes."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import insert
from sqlalchemy.exc import DBAPIError

from hotline_core.adapters.calls_schema import CALLS
from hotline_core.adapters.engine import make_engine, writing

pytestmark = pytest.mark.integration
NUMBER = "13777654321"
BREAKS = {
    "an error nobody caught": "raise KeyError(NUMBER)",
    "a thread that dies": "import threading; t = threading.Thread(target=lambda: {}[NUMBER]); t.start(); t.join()",
    "a library's error with its arguments": "import logging; logging.getLogger('uvicorn.error').error('of %s', NUMBER)",
    "a library that quotes in its sentence": "import logging; logging.getLogger('x').warning(f'no such call {NUMBER}')",
    "a library's traceback": """
import logging
try:
    {}[NUMBER]
except KeyError:
    logging.getLogger('uvicorn.error').exception('Exception in ASGI application')
""",
    "a task nobody asked about": """
import asyncio, gc
async def main():
    async def fail():
        raise KeyError(NUMBER)
    task = asyncio.ensure_future(fail())
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    del task
    gc.collect()
asyncio.run(main())
""",
}


@pytest.mark.parametrize("what", BREAKS)
def test_whatever_breaks_is_told_in_one_line_without_what_the_error_quotes(what: str) -> None:
    """In a process of its own, as the parts begin theirs."""
    begin = f"from hotline_core.log import open_log, take_over\nNUMBER = {NUMBER!r}\ntake_over(open_log('part'))\n"
    argv = [sys.executable, "-c", begin + BREAKS[what]]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=30, check=False)
    lines = [json.loads(line) for line in done.stderr.splitlines()]
    assert [(line["part"], bool(line["event"])) for line in lines] == [("part", True)]
    assert NUMBER not in done.stderr + done.stdout


def test_a_part_whose_log_is_on_a_full_disk_loses_lines_and_nothing_else() -> None:
    """Each write to /dev/full fails as on a full disk; what was being done goes on, and ends as if nothing were."""
    told = "log = open_log('part'); take_over(log); [log.info('told', n=n) for n in range(3)]; print('done')"
    with Path("/dev/full").open("w") as full:
        argv = [sys.executable, "-c", f"from hotline_core.log import open_log, take_over; {told}"]
        done = subprocess.run(argv, stdout=subprocess.PIPE, stderr=full, text=True, timeout=30, check=False)
    assert (done.returncode, done.stdout) == (0, "done\n")


def test_an_error_of_the_database_does_not_quote_the_row(calls_url: str) -> None:
    """SQLAlchemy writes a statement's parameters into its errors unless told not to."""
    engine = make_engine(calls_url)
    row = {"call_id": "h1-1.1", "line": "12328", "caller": NUMBER, "dialled": "1", "state": "ended", "arrived_at": 1.0}
    with writing(engine) as connection:
        connection.execute(insert(CALLS), row)
    with pytest.raises(DBAPIError) as caught, writing(engine) as connection:
        connection.execute(insert(CALLS), row)
    assert NUMBER not in str(caught.value)
    engine.dispose()
