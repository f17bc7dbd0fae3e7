"""Simulators of what cannot be had for a test: the Plex server, plex.tv, odd routers."""
