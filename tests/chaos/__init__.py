"""A home in which everything goes wrong, at random and again the same way by its seed.

Home Assistant, the router and the way from the Internet are real; the Plex server is
simulated. `python -m tests.chaos.soak --help` says how to run it for long.
"""
