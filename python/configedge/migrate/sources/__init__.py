"""Where configuration may lie today, a module each. Every one gives a `Harvest`; none decides what becomes of it."""
