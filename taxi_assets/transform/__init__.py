"""From a published file to a clean month in Parquet: Arrow in, Arrow out.

Read the file, map its columns, convert their types, judge the rows, find duplicates, add up checksums, write.
"""
