"""Side-by-side measurements: our path against the tutorial's scripts, psql, other loaders, and the floor.

`python -m benchmarks` (or `make bench`) makes the months, starts a Postgres, runs all contestants in turns and prints
what became of the targets. Not part of the test suite: figures differ from machine to machine, ratios much less.
"""
