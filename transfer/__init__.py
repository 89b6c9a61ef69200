"""Who is connected to whom when a third party joins a call."""
