"""Owns the articles of the demo: made once, when there is none at all, so that the first search finds something."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Engine

from agent_desktop.knowledge.article import Wording
from agent_desktop.knowledge.store import Knowledge
from hotline_core.yaml_lines import load_yaml

ARTICLES = Path(__file__).parents[1] / "demo_knowledge.yaml"
ACTOR = "demo"


def make_demo_articles(engine: Engine, now: float, path: Path = ARTICLES) -> int:
    """How many were made; none where somebody has written, or withdrawn, any article."""
    wordings = [Wording(**each) for each in load_yaml(path.read_text(encoding="utf-8"))]
    store = Knowledge(engine, {each.line for each in wordings})
    if store.find("", now=now, states=("valid", "soon", "expired", "withdrawn")).articles:
        return 0
    for wording in wordings:
        store.make(wording, "", actor=ACTOR, now=now)
    return len(wordings)
