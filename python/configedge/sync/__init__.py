"""Adapters that fill a spool directory, which is all that a relay reads."""
