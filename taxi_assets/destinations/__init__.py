"""How one month is replaced, read and counted in each kind of place. Knows nothing of Dagster."""
