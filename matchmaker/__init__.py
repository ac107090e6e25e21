"""The Treasure Hunt Engine: player request, region, queue, assignment; every tunable is live.

`ticket`, `region`, `pool` and `engine` are the core: no I/O, no clock, the same events give the same matches.
`settings` reads the configuration, `service` drives the core, `edge` puts it on the wire.
"""
