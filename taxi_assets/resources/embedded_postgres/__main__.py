"""`python -m taxi_assets.resources.embedded_postgres start|stop|status`."""

from taxi_assets.resources.embedded_postgres.command import postgres

if __name__ == "__main__":
    postgres(prog_name="python -m taxi_assets.resources.embedded_postgres")
