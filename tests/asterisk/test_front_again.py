"""A front that is killed: what it leaves behind holds the port, and must go, or no front can ever be started again."""

from __future__ import annotations

import signal

import pytest

from launcher.lifeline import parents
from tests.running.instance import running

pytestmark = pytest.mark.asterisk

RUNNING = 20  # supervisord's number of that state
BACK_S = 30.0


def test_a_front_that_is_killed_is_started_again_and_its_old_worker_is_gone() -> None:
    """nginx's worker outlives its master and goes on taking connections; the launcher, who inherits it, ends it."""
    with running() as hotline:  # its own: nginx tells in words of its own that the port is taken, and others read that log
        master = hotline.pid("front")
        workers = {pid for pid, parent in parents().items() if parent == master}
        assert workers
        hotline.signal("front", signal.SIGKILL)

        def is_again() -> bool:
            info = hotline.supervisor().getProcessInfo("hotline:front")
            return info["state"] == RUNNING and info["pid"] != master and not workers & parents().keys()

        hotline.wait(is_again, BACK_S, "another front runs, and nothing of the old one")
        hotline.wait(hotline.is_ready, BACK_S, "pages are served")
