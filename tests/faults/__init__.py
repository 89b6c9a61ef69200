"""The fault campaign: a crowd served while something fails, and what must be true of everybody afterwards (`make faults`)."""
