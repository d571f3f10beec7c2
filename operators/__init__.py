"""Pure state machines: no I/O, no clock, no random number, no engine."""
