"""`make run`: fetch, render, start, supervise, and the demo carrier."""
