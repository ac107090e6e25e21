"""The engine: every rule about tickets, regions and matches. No I/O and no clock: same events, same matches."""
