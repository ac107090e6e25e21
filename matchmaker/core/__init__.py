"""The engine: every rule about tickets, regions and matches. No I/O, no clock: the same events give the same matches."""
