"""Fixtures that security tests share with the others."""

from tests.integration.conftest import postgres, redis_server, short_folder

__all__ = ["postgres", "redis_server", "short_folder"]
