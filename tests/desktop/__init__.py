"""Calls from a citizen's telephone to an agent's page in a real Chromium."""
