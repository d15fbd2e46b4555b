"""The check-up: whether all that the settings ask for is there, and what to do where it is not."""
