"""From a published file to a clean month in Parquet: read, map, convert, judge, deduplicate, add up, write. Arrow in,
Arrow out."""
