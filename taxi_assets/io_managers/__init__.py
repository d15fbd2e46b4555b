"""Where months go: an IO manager for each kind of place; those of databases are thin layers over a `TableStore`."""
