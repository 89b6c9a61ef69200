"""The one writer of the calls database and the clockwork behind it."""
