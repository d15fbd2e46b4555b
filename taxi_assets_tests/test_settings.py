"""What one can rely on when setting the environment."""

import os
import re
from pathlib import Path

import pytest

from taxi_assets.settings import SETTINGS, Settings, SettingsError, home_folder, load_env_file

POSTGRES_URL = "postgresql://taxi:secret@db/taxi"
WEBHOOK = "https://hooks.slack.example/services/secret"


def test_without_any_variable_everything_is_local_and_made_up() -> None:
    settings = Settings.from_env({})
    assert (settings.publisher, settings.sample_rows, settings.sample_format) == ("sample", 50_000, None)
    assert (settings.gcs_bucket, settings.gcp_project, settings.bq_dataset) == (None, None, None)
    assert not settings.external_postgres
    assert settings.home == Path.cwd() / ".taxi"
    assert settings.warehouse == settings.home / "warehouse.duckdb"


def test_every_variable_is_read(tmp_path: Path) -> None:
    for program in ("initdb", "postgres"):
        (tmp_path / program).touch()
    settings = Settings.from_env(
        {
            "TAXI_HOME": "/data/taxi",
            "TAXI_PUBLISHER": "tlc",
            "TAXI_SAMPLE_ROWS": "1_000",
            "TAXI_SAMPLE_FORMAT": "parquet",
            "TAXI_SAMPLE_ANYWHERE": "true",
            "TAXI_GCS_BUCKET": "bucket",
            "GCP_PROJECT": "project",
            "TAXI_BQ_DATASET": "trips",
            "TAXI_BQ_LOCATION": "EU",
            "TAXI_POSTGRES_URL": POSTGRES_URL,
            "TAXI_POSTGRES_SCHEMA": "taxi",
            "TAXI_HISTORY_DAYS": "90",
            "TAXI_POSTGRES_BIN": str(tmp_path),
            "TAXI_ALERT_WEBHOOK": WEBHOOK,
            "TAXI_UI_URL": "https://dagster.example",
        }
    )
    assert settings == Settings(
        home=Path("/data/taxi"),
        publisher="tlc",
        sample_rows=1_000,
        sample_format="parquet",
        sample_anywhere=True,
        gcs_bucket="bucket",
        gcp_project="project",
        bq_dataset="trips",
        bq_location="EU",
        external_postgres=True,
        postgres_schema="taxi",
        history_days=90,
        postgres_bin=tmp_path,
        alert_webhook=True,
        ui_url="https://dagster.example",
    )


def test_the_process_environment_is_read_unless_another_is_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TAXI_SAMPLE_ROWS", "7")
    assert Settings.from_env().sample_rows == 7
    assert Settings.from_env({}).sample_rows == 50_000


def test_an_empty_variable_counts_as_unset() -> None:
    assert Settings.from_env(dict.fromkeys(SETTINGS, "")) == Settings.from_env({})


def test_a_relative_home_is_fixed_to_where_the_process_started(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    settings = Settings.from_env({"TAXI_HOME": "lake"})
    monkeypatch.chdir("/")
    assert settings.home == tmp_path / "lake"


def test_the_home_folder_is_known_whatever_else_is_wrong(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert home_folder({"TAXI_HOME": "/data", "TAXI_PUBLISHER": "TLC"}) == Path("/data")
    assert home_folder({"TAXI_HOME": ""}) == tmp_path / ".taxi"


def test_a_home_folder_that_leads_nowhere_is_refused() -> None:
    with pytest.raises(SettingsError, match=r"TAXI_HOME is '~no such user/taxi'.*use an absolute path"):
        Settings.from_env({"TAXI_HOME": "~no such user/taxi"})


def test_secrets_are_not_held() -> None:
    settings = Settings.from_env({"TAXI_POSTGRES_URL": POSTGRES_URL, "TAXI_ALERT_WEBHOOK": WEBHOOK})
    assert settings.external_postgres
    assert settings.alert_webhook
    assert "secret" not in repr(settings)


def test_a_webhook_that_is_none_is_refused_and_not_shown() -> None:
    with pytest.raises(SettingsError, match="TAXI_ALERT_WEBHOOK must be an http or https URL") as raised:
        Settings.from_env({"TAXI_ALERT_WEBHOOK": "hooks.slack.example/services/T0B1"})
    assert "T0B1" not in str(raised.value)


@pytest.mark.parametrize("name", ["tlc", "datatalks", "sample", "http://h/x", "https://h/x", "file:///mirror"])
def test_a_publisher_is_known_by_name_or_by_its_base_url(name: str) -> None:
    assert Settings.from_env({"TAXI_PUBLISHER": name}).publisher == name


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("TAXI_PUBLISHER", "TLC"),
        ("TAXI_PUBLISHER", "ftp://h/x"),
        ("TAXI_PUBLISHER", "/mirror"),
        ("TAXI_SAMPLE_ROWS", "0"),
        ("TAXI_SAMPLE_ROWS", "-5"),
        ("TAXI_SAMPLE_ROWS", "1.5"),
        ("TAXI_SAMPLE_ROWS", "many"),
        ("TAXI_SAMPLE_ROWS", "_"),
        ("TAXI_SAMPLE_FORMAT", "csv"),
        ("TAXI_HISTORY_DAYS", "0"),
        ("TAXI_HISTORY_DAYS", "a month"),
        ("TAXI_POSTGRES_BIN", "/nowhere"),
        ("TAXI_SAMPLE_ANYWHERE", "perhaps"),
        ("TAXI_UI_URL", "127.0.0.1:3000"),
    ],
)
def test_a_wrong_value_is_refused_with_the_name_of_its_variable(variable: str, value: str) -> None:
    with pytest.raises(SettingsError, match=rf"{variable}.*'{value}'"):
        Settings.from_env({variable: value})


@pytest.mark.parametrize("lacking", ["GCP_PROJECT", "TAXI_GCS_BUCKET"])
def test_bigquery_is_refused_without_its_project_or_bucket(lacking: str) -> None:
    variables = {"TAXI_BQ_DATASET": "trips", "GCP_PROJECT": "project", "TAXI_GCS_BUCKET": "bucket"}
    del variables[lacking]
    with pytest.raises(SettingsError, match=f"TAXI_BQ_DATASET is set without {lacking}"):
        Settings.from_env(variables)


@pytest.mark.parametrize(
    ("misspelt", "meant"),
    [
        ("TAXI_PUBLISHERS", "TAXI_PUBLISHER"),
        ("TAXI_PUBLISER", "TAXI_PUBLISHER"),
        ("TAXI_POSTGRES_URI", "TAXI_POSTGRES_URL"),
        ("TAXI_HOMEE", "TAXI_HOME"),
    ],
)
def test_a_misspelt_setting_is_named_with_the_one_that_was_meant_and_its_value_is_not_told(
    misspelt: str, meant: str
) -> None:
    with pytest.raises(SettingsError, match=f"^{misspelt} is no setting; did you mean {meant}[?]$"):
        Settings.from_env({misspelt: POSTGRES_URL})


@pytest.mark.parametrize("name", ["TAXI_BUCKET", "TAXI_POSTGRES_PORT", "TAXI_POSTGRES_SERVICE_HOST", "TAXI_ENV"])
def test_another_variable_that_looks_like_ours_is_named_and_stops_nothing(name: str) -> None:
    with pytest.warns(UserWarning, match=f"^{name} is no setting of taxi_assets, and does nothing$"):
        assert Settings.from_env({name: "x"}) == Settings.from_env({})


def test_the_example_of_a_env_file_has_every_setting_and_sets_none() -> None:
    lines = (Path(__file__).parents[1] / ".env.example").read_text().splitlines()
    assert [found[1] for line in lines if (found := re.match(r"# ([A-Z_]+)=", line))] == list(SETTINGS)
    assert all(line.startswith("#") for line in lines if line)


def test_a_env_file_goes_before_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As Dagster has it: what one program says of the settings must be what the others do."""
    (tmp_path / ".env").write_text("TAXI_SAMPLE_ROWS=12\nTAXI_SAMPLE_FORMAT='parquet'  # no CSV\nTAXI_UI_URL\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TAXI_SAMPLE_ROWS", "7")
    monkeypatch.setenv("TAXI_SAMPLE_FORMAT", "parquet")
    with monkeypatch.context() as undone:
        undone.setattr(os, "environ", dict(os.environ))
        assert load_env_file() == ["TAXI_SAMPLE_ROWS"]
        found = Settings.from_env()
    assert (found.sample_rows, found.sample_format) == (12, "parquet")


CANARY = "s3cr3t"


@pytest.mark.parametrize(
    "url",
    [
        f" postgresql://u:{CANARY}@h/db",
        f"'postgresql://u:{CANARY}@h/db'",
        f"postgresql+asyncpg://u:{CANARY}@h/db",
        f"mysql://u:{CANARY}@h/db",
        f"postgresql://u:{CANARY}@x@h/db",
        f"postgresql://u:x/{CANARY}@h/db",
        f"postgresql://u:{CANARY}%zz@h/db",
        f"host=h password=my {CANARY} dbname=db",
        f"jdbc {CANARY}",
        f"postgresql://user:{CANARY}/db",
        f"postgresql://u:{CANARY}@h/db?sslmod=require",
        f"host=h port={CANARY}",
        CANARY,
    ],
)
@pytest.mark.fault(40)
def test_a_postgres_url_that_libpq_would_misread_is_refused_and_not_shown(url: str) -> None:
    with pytest.raises(SettingsError, match="TAXI_POSTGRES_URL is no URL of Postgres") as error:
        Settings.from_env({"TAXI_POSTGRES_URL": url})
    assert CANARY not in str(error.value)


def test_a_schema_longer_than_a_name_can_be_is_refused() -> None:
    assert Settings.from_env({"TAXI_POSTGRES_SCHEMA": "ü" * 31}).postgres_schema == "ü" * 31
    with pytest.raises(SettingsError, match="TAXI_POSTGRES_SCHEMA is longer than the 63 bytes"):
        Settings.from_env({"TAXI_POSTGRES_SCHEMA": "ü" * 32})


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://u:p%40w@h:5432/db?sslmode=require&options=-c%20search_path%3Dtaxi",
        "postgres://u@h1,h2:5433/db",
        "postgresql:///db?host=/var/run/postgresql",
        "postgresql+psycopg2://u:p@h/db",
        "host=h password='my secret' dbname=db",
        "service=taxi",
    ],
)
def test_every_form_that_libpq_takes_is_a_postgres_url(url: str) -> None:
    assert Settings.from_env({"TAXI_POSTGRES_URL": url}).external_postgres
