"""Months as rows of tables in a DuckDB file."""
