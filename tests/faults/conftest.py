"""The fault campaign fills tables as every campaign does."""

from __future__ import annotations

from tests.campaign.conftest import pytest_configure, pytest_terminal_summary, runs, table

__all__ = ["pytest_configure", "pytest_terminal_summary", "runs", "table"]
