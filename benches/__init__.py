"""Measurements: `python -m benches.NAME [--quick] [--json FILE] [--check]`. One table, ours beside its rival's."""
