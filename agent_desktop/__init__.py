"""What talks to browsers: pages, API, websockets and the telephone relay."""
