"""The night of the incident, for `python -m benches.incident`: its traffic, its faults, and what was seen of it."""
