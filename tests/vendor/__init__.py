"""What others wrote and only tests use, with its licence beside it."""
