"""Pure words and decisions of the call centre: no clock, no I/O."""
