"""Every setting, read from the environment once. Nothing else in the package reads the environment.

Holds no secrets but the password that a mirror's URL may have: the URLs of Postgres and of the alert webhook go to
their resources as EnvVars; here is only whether they are set.
"""

from __future__ import annotations

import os
import re
import warnings
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, fields
from difflib import get_close_matches
from pathlib import Path
from typing import Final, TypeVar, cast, get_args

from dotenv import dotenv_values

from taxi_assets.destinations.postgres.url import fault_of
from taxi_assets.model.datasets import FileFormat
from taxi_assets.model.made_up import ANYWHERE, SAMPLE, SAMPLE_ROWS
from taxi_assets.publishers.sites import REDIRECT_HOSTS, check_name

PUBLISHER = "TAXI_PUBLISHER"
POSTGRES_URL = "TAXI_POSTGRES_URL"
ALERT_WEBHOOK = "TAXI_ALERT_WEBHOOK"
HISTORY_URL = "DAGSTER_POSTGRES_URL"
"""Read by Dagster, where deploy/dagster.yaml is its instance."""
GCS_BUCKET = "TAXI_GCS_BUCKET"
BQ_DATASET = "TAXI_BQ_DATASET"
_TEST_SETTINGS = ("TAXI_REAL_DATA", "TAXI_SCREENSHOTS", "TAXI_OTHER_DUCKDB")
LONGEST_NAME = 63
"""Bytes of a name in Postgres, which cuts off what is longer."""
_PREFIX = "TAXI_"
_MISSPELT = 0.9
"""How similar to a setting a name is that misspells it. Kubernetes sets TAXI_POSTGRES_PORT, which misspells none, where
a service is called taxi-postgres."""
_HOST = re.compile(r"[a-z0-9.:_-]+")
_WEB = ("http://", "https://")
_BOOLEANS = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
_T = TypeVar("_T")


class SettingsError(ValueError):
    """A setting is wrong; the message names the variable and what it should be."""


def _text(_variable: str, text: str) -> str:
    return text


def _is_postgres_url(variable: str, text: str) -> bool:
    """True, as the variable is set; the error for what libpq would misread does not show its value."""
    if fault := fault_of(text):
        raise SettingsError(f"{variable} is no URL of Postgres: {fault}. Its value is not shown, as it may be a secret")
    return True


def _path(variable: str, text: str) -> Path:
    try:
        return Path(text).expanduser().absolute()
    except RuntimeError as error:  # the home folder of a user who has none, or who does not exist
        raise SettingsError(
            f"{variable} is {text!r}, and that home folder is not known: use an absolute path"
        ) from error


def _positive(variable: str, text: str) -> int:
    digits = text.replace("_", "")
    if not digits.isdecimal() or int(digits) == 0:
        raise SettingsError(f"{variable} must be a whole number above 0, not {text!r}")
    return int(digits)


def _boolean(variable: str, text: str) -> bool:
    if text.lower() not in _BOOLEANS:
        raise SettingsError(f"{variable} must be true or false, not {text!r}")
    return _BOOLEANS[text.lower()]


def _format(variable: str, text: str) -> FileFormat:
    if text not in get_args(FileFormat):
        raise SettingsError(f"{variable} must be one of {', '.join(get_args(FileFormat))}, not {text!r}")
    return cast("FileFormat", text)


def _hosts(variable: str, text: str) -> tuple[str, ...]:
    hosts = tuple(filter(None, re.split(r"[\s,]+", text.lower())))
    if not all(map(_HOST.fullmatch, hosts)):
        raise SettingsError(f"{variable} must be names of hosts with commas between them; one of them is none")
    return hosts


def _web_address(variable: str, text: str) -> str:
    if not text.startswith(_WEB):
        raise SettingsError(f"{variable} must be an http or https URL, not {text!r}")
    return text


def _is_secret_url(variable: str, text: str) -> bool:
    """True, as the variable is set; the error for what is no web address does not show its value."""
    if not text.startswith(_WEB):
        raise SettingsError(f"{variable} must be an http or https URL; its value is not shown, as it may be a secret")
    return True


def _setting(variable: str, read: Callable[[str, str], _T], default: _T, *, secret: bool = False) -> _T:
    """A field of Settings: the variable it is read from, how (given the variable's name and text), and its default.

    A `secret` is not shown where Settings are.
    """
    return field(default=default, repr=not secret, metadata={"variable": variable, "read": read})


@dataclass(frozen=True)
class Settings:
    """Where months come from and where they go.

    Without any variable set, everything is local and the trips are made up.
    """

    home: Path = _setting("TAXI_HOME", _path, Path(".taxi"))
    publisher: str = _setting(PUBLISHER, _text, SAMPLE, secret=True)
    redirect_hosts: tuple[str, ...] = _setting(REDIRECT_HOSTS, _hosts, ())
    sample_rows: int = _setting("TAXI_SAMPLE_ROWS", _positive, SAMPLE_ROWS)
    sample_format: FileFormat | None = _setting("TAXI_SAMPLE_FORMAT", _format, None)
    sample_anywhere: bool = _setting(ANYWHERE, _boolean, False)
    external_postgres: bool = _setting(POSTGRES_URL, _is_postgres_url, False)
    postgres_schema: str = _setting("TAXI_POSTGRES_SCHEMA", _text, "public")
    postgres_bin: Path | None = _setting("TAXI_POSTGRES_BIN", _path, None)
    gcs_bucket: str | None = _setting(GCS_BUCKET, _text, None)
    gcp_project: str | None = _setting("GCP_PROJECT", _text, None)
    bq_dataset: str | None = _setting(BQ_DATASET, _text, None)
    bq_location: str = _setting("TAXI_BQ_LOCATION", _text, "US")
    alert_webhook: bool = _setting(ALERT_WEBHOOK, _is_secret_url, False)
    ui_url: str = _setting("TAXI_UI_URL", _web_address, "http://127.0.0.1:3000")
    history_days: int | None = _setting("TAXI_HISTORY_DAYS", _positive, None)

    @classmethod
    def from_env(cls, environment: Mapping[str, str] | None = None) -> Settings:
        """The settings of the environment (os.environ unless given); an empty variable counts as unset.

        Raises SettingsError, for a misspelt variable too; warns of others that look like ours.
        """
        variables = os.environ if environment is None else environment
        given = {name: text for name, text in variables.items() if text}
        _check_names(given)
        read = {
            each.name: each.metadata["read"](variable, given[variable])
            for each in fields(cls)
            if (variable := each.metadata["variable"]) in given
        }
        settings = cls(**{**read, "home": home_folder(given)})
        settings.check()
        return settings

    def check(self) -> None:
        """Raises SettingsError for settings that do not fit together."""
        try:
            check_name(self.publisher)
        except ValueError as error:
            raise SettingsError(f"{PUBLISHER}: {error}") from error
        programs = [self.postgres_bin / name for name in ("initdb", "postgres")] if self.postgres_bin else []
        if not all(program.is_file() for program in programs):
            raise SettingsError(
                "TAXI_POSTGRES_BIN must be the folder of PostgreSQL's programs (initdb, postgres), "
                f"not '{self.postgres_bin}'"
            )
        if len(self.postgres_schema.encode()) > LONGEST_NAME:
            raise SettingsError(f"TAXI_POSTGRES_SCHEMA is longer than the {LONGEST_NAME} bytes of a name in Postgres")
        if self.bq_dataset and not self.gcp_project:
            raise SettingsError("TAXI_BQ_DATASET is set without GCP_PROJECT: set it to the project of the dataset")
        if self.bq_dataset and not self.gcs_bucket:
            raise SettingsError("TAXI_BQ_DATASET is set without TAXI_GCS_BUCKET: BigQuery loads months from the bucket")

    @property
    def closed_to_sample(self) -> tuple[str, ...]:
        """The settings that name an external place where made-up trips may not go."""
        return () if self.sample_anywhere else self.external_places

    @property
    def external_places(self) -> tuple[str, ...]:
        """The settings that name an external place: a server, bucket or dataset that does not come with the project."""
        places = {POSTGRES_URL: self.external_postgres, GCS_BUCKET: self.gcs_bucket, BQ_DATASET: self.bq_dataset}
        return tuple(name for name, is_set in places.items() if is_set)

    @property
    def warehouse(self) -> Path:
        """The DuckDB file that stands in for BigQuery."""
        return self.home / "warehouse.duckdb"

    @property
    def postgres(self) -> Path:
        """The folder of the local Postgres."""
        return self.home / "postgres"


SETTINGS: Final = tuple(str(each.metadata["variable"]) for each in fields(Settings))
"""Every variable that is read, in the order of `.env.example`."""


def home_folder(environment: Mapping[str, str] | None = None) -> Path:
    """The folder of all local state, for what must work however wrong the other settings are. Raises SettingsError."""
    variables = os.environ if environment is None else environment
    return _path("TAXI_HOME", variables.get("TAXI_HOME") or str(Settings.home))


def load_env_file() -> list[str]:
    """Loads the file .env of the working directory into os.environ, if there is one, as Dagster's commands do.

    As with Dagster, the file wins over the environment. Returns the variables that had another value there.
    """
    found = {name: value for name, value in dotenv_values(Path.cwd() / ".env").items() if value is not None}
    overridden = [name for name, value in found.items() if os.environ.get(name, value) != value]
    os.environ.update(found)
    return overridden


def unknown_names(names: Iterable[str]) -> list[str]:
    """The variables whose names begin as ours do, and that are no settings."""
    return sorted(name for name in names if name.startswith(_PREFIX) and name not in {*SETTINGS, *_TEST_SETTINGS})


def _check_names(names: Iterable[str]) -> None:
    """Raises SettingsError for a misspelt setting; warns of other names that begin like a setting's and are none."""
    for name in unknown_names(names):
        if meant := get_close_matches(name, SETTINGS, n=1, cutoff=_MISSPELT):
            raise SettingsError(f"{name} is no setting; did you mean {meant[0]}?")
        warnings.warn(f"{name} is no setting of taxi_assets, and does nothing", stacklevel=3)
