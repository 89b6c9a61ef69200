"""Every finding of a dial-test has its words, at the terminal and on the pages, and its row in the operator's table."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from hotline_core.domain.dial_tests import FINDINGS
from tests.unit.test_docs import rows

pytestmark = pytest.mark.unit
ROOT = Path(__file__).parents[2]


def test_every_finding_has_words_wherever_people_read_it() -> None:
    """None more, none less."""
    terminal = yaml.safe_load((ROOT / "probe/texts.yaml").read_text(encoding="utf-8"))["findings"]
    assert set(terminal) == set(FINDINGS)
    page = (ROOT / "agent_desktop/static/js/texts_dial.js").read_text(encoding="utf-8")
    assert set(re.findall(r"(\w+): \((?:test)?\) =>", page.partition("findings: {")[2].partition("\n  },")[0])) == set(FINDINGS)
    told = {name.strip("`") for cells in rows("operations.md", heading="拨测", columns=2) for name in cells[0].split("、")}
    assert told == set(FINDINGS)
