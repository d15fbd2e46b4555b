"""The faults that a month survives, by their numbers in docs/guarantees.md."""
