"""When a message may leave and how fast: windows, holidays, scheduling, and the pace of a sender."""
