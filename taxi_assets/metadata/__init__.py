"""What the UI shows of an asset and of its materializations, under Dagster's own keys where there are some.

Numbers are plain, so that the UI charts them over the months. Nothing reads metadata back but `recorded.py`.
"""
