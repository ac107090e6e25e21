"""The way over from another store of configuration: it becomes bundles, and goes back while both are used."""
