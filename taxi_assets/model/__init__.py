"""What the data is: months, datasets, columns and their types, eras, zones, published row counts. Facts, no I/O."""
