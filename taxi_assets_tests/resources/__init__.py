"""Tests of what the assets work with."""
