"""Months as partitions of Postgres tables."""
