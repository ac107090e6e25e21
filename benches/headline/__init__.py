"""What `python -m benches.compare` measures, a question a module."""
