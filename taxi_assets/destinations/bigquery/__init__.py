"""Months as partitions of BigQuery tables."""
