"""Calls against the real PBX and carrier with no agent's page."""
