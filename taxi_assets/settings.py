"""Every setting, read from the environment once. Nothing else in the package looks there.

Secrets are not held: the URLs of Postgres and of the alerts' webhook go to their resources as EnvVars, and only whether
they are set is known here.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Final, cast, get_args

from dotenv import dotenv_values

from taxi_assets.model.datasets import FileFormat
from taxi_assets.model.made_up import ANYWHERE
from taxi_assets.publishers.sites import check_name

POSTGRES_URL = "TAXI_POSTGRES_URL"
ALERT_WEBHOOK = "TAXI_ALERT_WEBHOOK"
HISTORY_URL = "DAGSTER_POSTGRES_URL"
"""Read by Dagster, where deploy/dagster.yaml is its instance."""
GCS_BUCKET = "TAXI_GCS_BUCKET"
BQ_DATASET = "TAXI_BQ_DATASET"
HISTORY_DAYS = "TAXI_HISTORY_DAYS"
SETTINGS: Final = (
    "TAXI_HOME",
    "TAXI_PUBLISHER",
    "TAXI_SAMPLE_ROWS",
    "TAXI_SAMPLE_FORMAT",
    ANYWHERE,
    POSTGRES_URL,
    "TAXI_POSTGRES_SCHEMA",
    "TAXI_POSTGRES_BIN",
    GCS_BUCKET,
    "GCP_PROJECT",
    BQ_DATASET,
    "TAXI_BQ_LOCATION",
    ALERT_WEBHOOK,
    "TAXI_UI_URL",
    HISTORY_DAYS,
)
"""Every variable that is read, in the order of `.env.example`."""
_OF_TESTS = ("TAXI_REAL_DATA", "TAXI_SCREENSHOTS", "TAXI_OTHER_DUCKDB")
_OURS = "TAXI_"
_MISSPELT = 0.9
"""How like a setting a name is that means it. Kubernetes sets TAXI_POSTGRES_PORT where a service has such a name."""
_WEB = ("http://", "https://")
_YES_OR_NO = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}


class SettingsError(ValueError):
    """A setting is wrong; the message names the variable and what it should be."""


@dataclass(frozen=True)
class Settings:
    """Where months come from and where they go.

    Without any variable set, everything is local and the trips are made up.
    """

    home: Path = Path(".taxi")
    publisher: str = "sample"
    sample_rows: int = 50_000
    sample_format: FileFormat | None = None
    sample_anywhere: bool = False
    gcs_bucket: str | None = None
    gcp_project: str | None = None
    bq_dataset: str | None = None
    bq_location: str = "US"
    own_postgres: bool = False
    postgres_schema: str = "public"
    history_days: int | None = None
    postgres_bin: Path | None = None
    alert_webhook: bool = False
    ui_url: str = "http://127.0.0.1:3000"

    @classmethod
    def from_env(cls, environment: Mapping[str, str] | None = None) -> Settings:
        """The settings of the environment (os.environ unless given); an empty variable counts as unset.

        Raises SettingsError, for a misspelt variable too; warns of others that look like ours.
        """
        variables = os.environ if environment is None else environment
        values = {name: value for name, value in variables.items() if value}
        _check_names(values)
        settings = cls(
            home=home_folder(values),
            publisher=values.get("TAXI_PUBLISHER", "sample"),
            sample_rows=_positive(values, "TAXI_SAMPLE_ROWS", 50_000),
            sample_format=_format(values, "TAXI_SAMPLE_FORMAT"),
            sample_anywhere=_yes_or_no(values, ANYWHERE),
            gcs_bucket=values.get(GCS_BUCKET),
            gcp_project=values.get("GCP_PROJECT"),
            bq_dataset=values.get(BQ_DATASET),
            bq_location=values.get("TAXI_BQ_LOCATION", "US"),
            own_postgres=POSTGRES_URL in values,
            postgres_schema=values.get("TAXI_POSTGRES_SCHEMA", "public"),
            history_days=_positive(values, HISTORY_DAYS, 0) if HISTORY_DAYS in values else None,
            postgres_bin=_folder(values, "TAXI_POSTGRES_BIN") if "TAXI_POSTGRES_BIN" in values else None,
            alert_webhook=_is_secret_url(values, ALERT_WEBHOOK),
            ui_url=values.get("TAXI_UI_URL", "http://127.0.0.1:3000"),
        )
        settings.check()
        return settings

    def check(self) -> None:
        """Raises SettingsError for settings that do not fit together."""
        try:
            check_name(self.publisher)
        except ValueError as error:
            raise SettingsError(f"TAXI_PUBLISHER: {error}") from error
        programs = [self.postgres_bin / name for name in ("initdb", "postgres")] if self.postgres_bin else []
        if not all(program.is_file() for program in programs):
            raise SettingsError(
                "TAXI_POSTGRES_BIN must be the folder of PostgreSQL's programs (initdb, postgres), "
                f"not '{self.postgres_bin}'"
            )
        if not self.ui_url.startswith(_WEB):
            raise SettingsError(f"TAXI_UI_URL must be an http or https URL, not {self.ui_url!r}")
        if self.bq_dataset and not self.gcp_project:
            raise SettingsError("TAXI_BQ_DATASET is set without GCP_PROJECT: set it to the project of the dataset")
        if self.bq_dataset and not self.gcs_bucket:
            raise SettingsError("TAXI_BQ_DATASET is set without TAXI_GCS_BUCKET: BigQuery loads months from the bucket")

    @property
    def closed_to_sample(self) -> tuple[str, ...]:
        """The settings that name a place of one's own where made-up trips may not go."""
        return () if self.sample_anywhere else self.own_places

    @property
    def own_places(self) -> tuple[str, ...]:
        """The settings that name a server, bucket or dataset of one's own."""
        own = {POSTGRES_URL: self.own_postgres, GCS_BUCKET: self.gcs_bucket, BQ_DATASET: self.bq_dataset}
        return tuple(name for name, is_set in own.items() if is_set)

    @property
    def warehouse(self) -> Path:
        """The DuckDB file that stands in for BigQuery."""
        return self.home / "warehouse.duckdb"

    @property
    def postgres(self) -> Path:
        """The folder of the local Postgres."""
        return self.home / "postgres"


def home_folder(environment: Mapping[str, str] | None = None) -> Path:
    """The folder of all local state, for what must work however wrong the other settings are. Raises SettingsError."""
    variables = os.environ if environment is None else environment
    return _folder({"TAXI_HOME": variables.get("TAXI_HOME") or ".taxi"}, "TAXI_HOME")


def _folder(values: Mapping[str, str], name: str) -> Path:
    try:
        return Path(values[name]).expanduser().absolute()
    except RuntimeError as error:  # where ~ leads nowhere: a user without a name or a home
        raise SettingsError(
            f"{name} is {values[name]!r}, and the home folder is not known: give a path from /"
        ) from error


def load_env_file() -> list[str]:
    """Sets what stands in the working directory's file .env, if there is one, as Dagster's commands do.

    As there, the file goes before the environment. Returns the variables that were set to something else.
    """
    found = {name: value for name, value in dotenv_values(Path.cwd() / ".env").items() if value is not None}
    overridden = [name for name, value in found.items() if os.environ.get(name, value) != value]
    os.environ.update(found)
    return overridden


def unknown_names(names: Iterable[str]) -> list[str]:
    """Those of the variables that begin as ours do, and are not."""
    return sorted(name for name in names if name.startswith(_OURS) and name not in {*SETTINGS, *_OF_TESTS})


def _check_names(names: Iterable[str]) -> None:
    """Raises SettingsError for a misspelt setting, and warns of what is no setting."""
    for name in unknown_names(names):
        if meant := get_close_matches(name, SETTINGS, n=1, cutoff=_MISSPELT):
            raise SettingsError(f"{name} is no setting; did you mean {meant[0]}?")
        warnings.warn(f"{name} is no setting of taxi_assets, and does nothing", stacklevel=3)


def _positive(values: Mapping[str, str], name: str, default: int) -> int:
    text = values.get(name, str(default)).replace("_", "")
    if not text.isdecimal() or int(text) == 0:
        raise SettingsError(f"{name} must be a whole number above 0, not {values[name]!r}")
    return int(text)


def _yes_or_no(values: Mapping[str, str], name: str) -> bool:
    text = values.get(name, "false")
    if text.lower() not in _YES_OR_NO:
        raise SettingsError(f"{name} must be true or false, not {text!r}")
    return _YES_OR_NO[text.lower()]


def _format(values: Mapping[str, str], name: str) -> FileFormat | None:
    text = values.get(name)
    if text is not None and text not in get_args(FileFormat):
        raise SettingsError(f"{name} must be one of {', '.join(get_args(FileFormat))}, not {text!r}")
    return cast("FileFormat | None", text)


def _is_secret_url(values: Mapping[str, str], name: str) -> bool:
    """Whether the variable is set; the error for what is no web address does not tell its value."""
    if name in values and not values[name].startswith(_WEB):
        raise SettingsError(f"{name} must be an http or https URL; what it is now is not shown, for it may be a secret")
    return name in values
