"""Where a player is: the evidence there is for round-trip times, best first."""
