"""The local Postgres server: its programs, folder and account, and starting and stopping it."""
