"""`python -m matchmaker.load`: players over real sockets, by WebSocket or by framed gateway streams.

Open loop: requests are due at Poisson times whether or not earlier ones were answered, and a latency counts from the
moment a request was due, so a slow server cannot hide by slowing its clients down.
"""
