"""`python -m configedge.cli` is the same as `configedge`."""

from configedge.cli import main

main()
