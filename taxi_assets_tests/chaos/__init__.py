"""Months loaded by processes that are killed, stopped or run at the same time, while readers watch every place."""
