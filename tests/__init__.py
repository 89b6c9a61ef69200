"""Owns nothing: marks the tests as one importable package."""
