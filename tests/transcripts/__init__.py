"""Real AMI captures of Asterisk 22.10.1, and what our client must read in them; `capture` makes them anew."""
