"""Tests of the IO managers beyond what runs of whole months show."""
