"""What a page is told of a change does not depend on which other pages there are, and is written as text once for all strangers."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent_desktop.telling import Shared, Telling, text_of
from agent_desktop.view import Viewer

pytestmark = pytest.mark.unit

EXTENSIONS = ("1001", "1002", "1003")
NOBODY_OR_ONE = (None, *EXTENSIONS)
CALLS = ("c1", "c2", "c3")
VIEWERS = [Viewer(extension, sees_all=False) for extension in (*EXTENSIONS, "")] + [Viewer("", sees_all=True)]

calls = st.dictionaries(
    st.sampled_from(CALLS),
    st.builds(
        lambda phase, agent, lost_by: {"phase": phase, "agent": agent, "lost_by": lost_by, "caller": "13800001234"},
        st.sampled_from(("waiting", "ringing", "talking")), st.sampled_from(NOBODY_OR_ONE), st.sampled_from(NOBODY_OR_ONE),
    ),
)  # fmt: skip
agents = st.dictionaries(st.sampled_from(EXTENSIONS), st.just({"state": "talking", "call_id": "c1"}))
pages = st.lists(st.tuples(st.sampled_from(VIEWERS), st.sets(st.sampled_from(CALLS))), min_size=1, max_size=12)


def kinds_of(called: dict[str, Any], staff: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Changes with their ids, as the live view has them."""
    told = {"call": called, "agent": staff, "queue": dict[str, Any]()}
    return {kind: {name: {"id": name, **fields} for name, fields in found.items()} for kind, found in told.items()}


@given(calls, agents, st.sets(st.sampled_from(CALLS)), pages)
def test_among_many_each_page_is_told_what_it_would_be_told_alone(
    called: dict[str, Any], staff: dict[str, Any], gone: set[str], screens: list[tuple[Viewer, set[str]]]
) -> None:
    """The message and what is on the screen after it, for every mix of pages."""
    kinds = kinds_of(called, staff)
    together = Telling(2, kinds, gone - called.keys())
    for viewer, shown in screens:
        alone = set(shown)
        wanted = Telling(2, kinds, gone - called.keys()).to(viewer, alone)
        told = together.to(viewer, shown)
        assert told == wanted
        assert shown == alone
        if told is not None:
            assert json.loads(text_of(told)) == told


def test_all_strangers_get_one_message_whose_text_is_written_once() -> None:
    """Two hundred and ninety-nine of three hundred desks are strangers to a ring."""
    telling = Telling(2, kinds_of({"c1": {"phase": "ringing", "agent": "1001", "caller": "13800001234"}}, {}), set())
    first, second = (telling.to(viewer, {"c1"}) for viewer in VIEWERS[1:3])
    assert first is second
    assert isinstance(first, Shared)
    assert first.text() is first.text()
    assert "13800001234" not in first.text()
    own = telling.to(VIEWERS[0], {"c1"})
    assert own is not None
    assert "13800001234" in text_of(own)
