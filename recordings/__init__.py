"""What is recorded and for how long: naming and policy; never holds audio."""
