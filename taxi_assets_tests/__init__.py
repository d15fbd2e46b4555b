"""Tests of taxi_assets, laid out like the package; they run on real parts."""
