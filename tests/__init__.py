"""Tests of Plex Remote Access."""
