"""Neighbours that mean harm, each with a bound on the time, memory and requests it costs.

The short form is part of the unit suite, the long one is `scripts/soak hostile`.
"""
