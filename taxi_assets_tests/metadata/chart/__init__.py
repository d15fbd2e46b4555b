"""Tests of the picture of a month."""
