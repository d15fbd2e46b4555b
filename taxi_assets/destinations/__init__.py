"""How a month is replaced, read and counted in each kind of place, a folder for each. Imports nothing of Dagster."""
