"""The local Postgres server: its programs, folder and account; its start and stop; and the command for both."""
