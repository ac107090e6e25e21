"""What `benches.fleet` is made of: a fleet of processes on a broker, and players on it."""
