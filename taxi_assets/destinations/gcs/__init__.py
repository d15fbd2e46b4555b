"""Months as objects in a bucket."""
