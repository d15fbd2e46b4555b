"""The postgresql.conf of a local server."""

HOST = "127.0.0.1"
CONFIGURATION = f"""\
# Rewritten at every start. To change a setting use ALTER SYSTEM: postgresql.auto.conf overrides this file.

# For this machine only. No Unix socket: its path is limited to about 100 characters, and a clone's can be longer.
listen_addresses = '{HOST}'
unix_socket_directories = ''
max_connections = 50

# For bulk loads on a laptop. No replica reads the write-ahead log, so a load into a new table need not be logged
# row by row; with rare checkpoints a page is written once instead of many times. fsync and synchronous_commit
# stay on, as by default: what was committed survives kill -9 and a power cut.
shared_buffers = 128MB
maintenance_work_mem = 128MB
wal_level = minimal
max_wal_senders = 0
max_wal_size = 4GB
checkpoint_timeout = 15min

# The same answers on every machine, whatever its time zone and language.
timezone = 'UTC'
log_timezone = 'UTC'
datestyle = 'ISO, MDY'
lc_messages = 'C'
"""
