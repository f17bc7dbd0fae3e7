"""Tests of the port mapper."""
