"""Attacks on a running hotline and what must hold against them; the exhaustive ones by `make campaign ONLY=security`."""
