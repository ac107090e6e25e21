"""The service on the wire. Every edge parses, calls `Service`, and writes what it gave; no rule lives here."""
