"""What people may ask for when they launch a run: other rules, a fresh download, a try-out; and what a mistake says."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any, get_args

import duckdb
import psycopg
import pytest
from dagster import AssetCheckEvaluation, AssetCheckSeverity, DagsterInvalidConfigError
from psycopg.sql import SQL, Identifier

from taxi_assets.assets.clean_trips import ProfileName
from taxi_assets.build import build_definitions
from taxi_assets.cli.__main__ import main
from taxi_assets.destinations.lake.folder import Lake
from taxi_assets.model.datasets import DATASETS
from taxi_assets.model.months import Month
from taxi_assets.settings import Settings
from taxi_assets.transform.rules import Profile
from taxi_assets_tests.helpers.published_files import Folder
from taxi_assets_tests.helpers.run_month import checks, failure, metadata, rows, run_month
from taxi_assets_tests.servers.publisher import PublisherServer

pytestmark = pytest.mark.slow

MONTH = "2020-04"
MADE_FROM_CLEAN = ("gcs_parquet", "bq_table", "postgres_table", "trips_with_zones", "daily_trips")


def _try_out(first_rows: int) -> dict[str, dict[str, Any]]:
    return {"clean_trips": {"first_rows": first_rows}}


def _failed(found: dict[str, AssetCheckEvaluation]) -> dict[str, str]:
    return {name: check.description or "" for name, check in found.items() if not check.passed}


@pytest.mark.parametrize("dataset", DATASETS)
def test_a_try_out_goes_everywhere_and_says_so_everywhere(settings: Settings, postgres_url: str, dataset: str) -> None:
    result = run_month(settings, dataset, MONTH, config=_try_out(300))
    counts = rows(settings, dataset, MONTH)
    assert counts["published"] == 300 == counts["clean"] + counts["quarantine"]
    assert counts["bucket"] == counts["warehouse"] == counts["Postgres"] == counts["clean"]
    for asset in ("clean_trips", *MADE_FROM_CLEAN):
        facts = metadata(result, asset)
        assert facts["first_rows"] == 300
        assert "only the first 300 rows" in facts["try_out"]
    table = Identifier(settings.postgres_schema, DATASETS[dataset].table)
    with psycopg.connect(postgres_url) as connection:
        [(source_file,)] = connection.execute(SQL("SELECT DISTINCT source_file FROM {}").format(table)).fetchall()
    assert source_file.endswith("(try-out, first 300 rows)")
    title = f"![{DATASETS[dataset].title}, {MONTH} (try-out, first 300 rows)."
    assert metadata(result, "clean_trips")["picture"].startswith(title)


def test_the_checks_of_a_try_out_neither_pass_it_off_as_a_month_nor_stop_it(settings: Settings) -> None:
    run_month(settings, "green", "2020-03")
    result = run_month(settings, "green", MONTH, config=_try_out(300))
    assert result.success
    found = checks(result)
    assert set(_failed(found)) == {"clean_trips rows_as_published"}
    whole = found["clean_trips rows_as_published"]
    assert whole.severity is AssetCheckSeverity.WARN
    assert whole.description == (
        "A try-out: only the first 300 rows of the published file, not the whole month. Materialize clean_trips and "
        "what comes after it without first_rows to load the whole month."
    )
    accounted = found["clean_trips every_row_is_accounted_for"].description or ""
    assert accounted.startswith("A try-out: only the first 300 rows of the published file, not the whole month. Rows: ")
    assert "raw 300" in accounted
    assert found["clean_trips volume_is_usual"].description == "A try-out is not compared with other months."


def test_a_try_out_is_no_measure_for_the_months_beside_it(settings: Settings) -> None:
    run_month(settings, "green", "2020-03", config=_try_out(10), assets=["raw_trips", "clean_trips"])
    result = run_month(settings, "green", MONTH, assets=["raw_trips", "clean_trips"])
    assert checks(result)["clean_trips volume_is_usual"].description == "The months before and after it are not loaded."


def test_a_run_without_the_limit_replaces_a_try_out_and_nothing_of_it_stays(
    settings: Settings, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TAXI_HOME", str(settings.home))
    monkeypatch.setenv("TAXI_POSTGRES_SCHEMA", settings.postgres_schema)
    run_month(settings, "green", MONTH, config=_try_out(300))
    main(["show", "green", MONTH], standalone_mode=False)
    assert "A try-out: only the first 300 rows" in capsys.readouterr().out
    result = run_month(settings, "green", MONTH)
    main(["show", "green", MONTH], standalone_mode=False)
    assert "try-out" not in capsys.readouterr().out
    assert rows(settings, "green", MONTH)["published"] == 2_000
    assert not any("first_rows" in metadata(result, asset) for asset in ("clean_trips", *MADE_FROM_CLEAN))
    assert not _failed(checks(result))
    with duckdb.connect(settings.warehouse, read_only=True) as connection:
        query = "SELECT count(*) FROM trips_data_all.green_taxi_trips WHERE source_file LIKE '%try-out%'"
        assert connection.execute(query).fetchone() == (0,)


def test_a_limit_beyond_the_file_is_a_try_out_all_the_same(settings: Settings) -> None:
    result = run_month(settings, "green", MONTH, config=_try_out(10**9), assets=["raw_trips", "clean_trips"])
    assert metadata(result, "clean_trips")["raw_rows"] == 2_000
    assert not checks(result)["clean_trips rows_as_published"].passed


def test_a_limit_below_one_says_what_it_should_be_and_changes_nothing(settings: Settings) -> None:
    run_month(settings, "green", MONTH, assets=["raw_trips", "clean_trips"])
    path = Lake(settings.home / "lake").clean_file(DATASETS["green"], Month.parse(MONTH))
    before = path.read_bytes()
    result = run_month(settings, "green", MONTH, config=_try_out(-5), raises=False)
    assert failure(result, "clean_trips").endswith(
        "green 2020-04, clean_trips: first_rows is -5, and must be 1 or more. Leave it out of the run config to load "
        "the whole month. A retry will not help.\n"
    )
    assert path.read_bytes() == before


@pytest.mark.parametrize("profile", ["default", "strict", "tutorial"])
def test_a_month_is_cleaned_by_the_profile_asked_for(settings: Settings, profile: str) -> None:
    config = {"clean_trips": {"profile": profile}}
    result = run_month(settings, "green", MONTH, config=config, assets=["raw_trips", "clean_trips"])
    facts = metadata(result, "clean_trips")
    assert facts["profile"] == profile
    assert ("quarantined/strict_speed" in facts) == (profile == "strict")
    assert ("quarantined/zero_passengers" in facts) == (profile == "tutorial")


def test_every_profile_can_be_asked_for_by_its_name() -> None:
    assert {*get_args(ProfileName)} == {profile.value for profile in Profile}


@pytest.mark.parametrize(
    ("config", "said"),
    [
        ({"clean_trips": {"profile": "strickt"}}, r"Literal\['default', 'strict', 'tutorial'\] got strickt"),
        ({"clean_trips": {"first_rows": "many"}}, 'first_rows. Value "many" .* not valid for expected type "Int"'),
        ({"clean_trips": {"frist_rows": 5}}, r'"frist_rows" .* Expected: "\{ first_rows\?: .* profile\?: Literal'),
        ({"raw_trips": {"force": "perhaps"}}, 'force. Value "perhaps" .* expected type "Bool"'),
    ],
)
def test_a_wrong_value_is_refused_before_anything_runs_with_what_it_should_be(
    settings: Settings, config: dict[str, dict[str, Any]], said: str
) -> None:
    with pytest.raises(DagsterInvalidConfigError, match=said):
        run_month(settings, "green", MONTH, config=config)
    assert not settings.home.exists()


def test_run_config_names_no_host_path_or_table(settings: Settings) -> None:
    """Whoever may launch a run may not choose where it reads or writes."""
    found: dict[str, set[str]] = {}
    for asset in build_definitions(settings).resolve_asset_graph().assets_defs:
        schema = asset.op.config_schema.as_field() if asset.is_executable else None
        fields = getattr(schema.config_type, "fields", {}) if schema is not None else {}
        if fields:
            found[asset.key.path[-1]] = set(fields)
    assert found == {
        "raw_trips": {"force", "allow_sample"},
        "clean_trips": {"profile", "first_rows", "max_quarantined_share"},
        "taxi_zones": {"allow_sample"},
    }


def test_force_fetches_a_file_that_has_not_changed(settings: Settings, tmp_path: Path) -> None:
    folder = Folder.at(tmp_path / "site")
    folder.publish("green", Month.parse(MONTH), rows=500)
    with PublisherServer(folder.root) as publisher:
        mirror = dataclasses.replace(settings, publisher=publisher.url)
        sizes: list[tuple[int, bool]] = []
        hashes = set()
        for force in (False, False, True):
            publisher.clear()
            result = run_month(mirror, "green", MONTH, assets=["raw_trips"], config={"raw_trips": {"force": force}})
            facts = metadata(result, "raw_trips")
            [request] = publisher.requests()
            sizes.append((request.status, facts["unchanged"]))
            hashes.add(facts["sha256"])
            assert ("mb_per_second" in facts) == (request.status == 200)
    assert sizes == [(200, False), (304, True), (200, True)]
    assert len(hashes) == 1
    assert len(list((settings.home / "lake/raw").rglob("*-green_tripdata*"))) == 1
    assert not list((settings.home / "lake/staging").iterdir())
