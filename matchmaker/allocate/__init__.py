"""Game servers for matches: after a match is decided, and beside the way that tickets go. docs/allocation.md."""
