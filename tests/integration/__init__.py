"""Real servers other than Asterisk."""
