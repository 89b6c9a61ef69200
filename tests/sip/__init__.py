"""Owns the telephones that tests use: our own asyncio user agent, SIPp and baresip, all on 127.0.0.0/8."""
