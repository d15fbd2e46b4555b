"""Tests of what the benchmarks make of their figures, and of who cannot run."""
