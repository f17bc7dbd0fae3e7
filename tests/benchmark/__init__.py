"""How fast the port mapper is, beside its peers, with a real router.

`scripts/benchmark` runs it and writes docs/benchmarks.md. Nothing here is a test.
"""
