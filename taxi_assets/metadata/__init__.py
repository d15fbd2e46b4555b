"""What people see of an asset and of a materialization, under Dagster's own keys where it has some.

Numbers are plain, so that the UI charts them over the months.
"""
