"""Tests of the chart of a month."""
