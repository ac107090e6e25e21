"""The Treasure Hunt Engine: player request, region, queue, assignment; every tunable is live.

`core` has the rules and no I/O; `service` drives it in an event loop with settings from `live`, placing players by
`regions`; `edge` puts it on the wire, `history` records and replays it, `fleet` spreads it over machines, and `load`
puts it to the test.
"""
