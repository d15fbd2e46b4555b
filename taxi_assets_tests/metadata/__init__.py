"""Tests of what people see of assets and materializations."""
