"""Tests of the places where months are kept."""
