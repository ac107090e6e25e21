"""What `benches.matchmaker` measures with: the settings, the engine alone, a real server, its floor, its load."""
