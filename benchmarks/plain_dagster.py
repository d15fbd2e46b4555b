"""What Dagster itself costs: five assets with months as partitions and nothing in them, run as ours are.

The same executor, and through `dagster job execute -f` the same instance. It imports nothing of ours: `P2` and `P4` are
compared with it.
"""

from dagster import (
    AssetsDefinition,
    Definitions,
    MonthlyPartitionsDefinition,
    asset,
    define_asset_job,
    in_process_executor,
)

JOB = "plain"
NAMES = ("raw_trips", "clean_trips", "gcs_parquet", "bq_table", "postgres_table")


def _asset(name: str, before: tuple[str, ...]) -> AssetsDefinition:
    """An asset that does nothing, downstream of the one before it."""

    @asset(name=name, deps=before, partitions_def=MonthlyPartitionsDefinition(start_date="2009-01-01"))
    def nothing() -> None:
        pass

    return nothing


defs = Definitions(
    assets=[_asset(name, NAMES[max(0, place - 1) : place]) for place, name in enumerate(NAMES)],
    jobs=[define_asset_job(JOB, "*")],
    executor=in_process_executor,
)
