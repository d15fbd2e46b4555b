"""Whole months from publisher to tables, as users run them: in a process, by a daemon, in the UI, in a deployment."""
