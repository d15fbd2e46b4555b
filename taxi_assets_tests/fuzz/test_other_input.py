"""Hostile partition keys, run config, zone lookups and lake files; and a month that stays as it was."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, cast

import pyarrow as pa
import pytest
from dagster import AssetExecutionContext, AssetKey, DagsterInvalidConfigError, Failure, validate_run_config
from hypothesis import given
from hypothesis import strategies as st

from taxi_assets.atomic_files import sha256
from taxi_assets.build import build_definitions
from taxi_assets.destinations.lake.folder import Lake
from taxi_assets.errors import ContractError, TaxiError
from taxi_assets.model.datasets import YELLOW_TAXI
from taxi_assets.model.months import Month
from taxi_assets.model.publication import Publication
from taxi_assets.model.zones import read_zones
from taxi_assets.partitions import month_of, months_of
from taxi_assets.publishers.base import publisher
from taxi_assets.publishers.sample.generator import write_sample
from taxi_assets.publishers.sample.zones import zone_lookup
from taxi_assets.publishers.sites import TLC_SITE
from taxi_assets.settings import Settings
from taxi_assets.transform.first_rows import take_first
from taxi_assets.transform.reading import TripStream
from taxi_assets_tests.fuzz.mutations import MUTATIONS, Mutation, fuzzed, mutated
from taxi_assets_tests.helpers.run_month import failure, run_month

pytestmark = pytest.mark.slow

MONTH = Month(2021, 1)
DATES = st.one_of(
    st.dates().map(str),
    st.datetimes().map(str),
    st.integers().map(str),
    st.from_regex(r"\A[0-9]{1,6}-[0-9]{1,3}(-[0-9]{1,3})?\Z"),
    st.text(max_size=30),
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda values: st.lists(values, max_size=3) | st.dictionaries(st.text(max_size=10), values, max_size=3),
    max_leaves=6,
)


@dataclass(frozen=True)
class Context:
    """What `month_of` asks of a step."""

    partition_key: str
    asset_key = AssetKey(["yellow", "raw_trips"])
    has_partition_key = True


@fuzzed(300)
@given(key=DATES)
def test_a_partition_key_is_a_month_of_the_dataset_or_refused(key: str) -> None:
    context = cast("AssetExecutionContext", Context(key))
    if key in months_of(YELLOW_TAXI).get_partition_keys():
        assert month_of(context).key == key
    else:
        with pytest.raises(Failure) as failure:
            month_of(context)
        assert not failure.value.allow_retries
        assert repr(key) in str(failure.value.description)


@pytest.fixture(scope="module")
def job() -> Any:
    return build_definitions(Settings()).resolve_job_def("yellow_trips")


@fuzzed(150)
@given(
    asset=st.sampled_from(["yellow__raw_trips", "yellow__clean_trips", "yellow__nothing"]),
    name=st.sampled_from(["force", "allow_sample", "profile", "first_rows", "max_quarantined_share", "path"]),
    value=JSON,
)
def test_run_config_is_refused_by_dagster_or_in_our_words(job: Any, asset: str, name: str, value: Any) -> None:
    try:
        found = validate_run_config(job, {"ops": {asset: {"config": {name: value}}}})
    except DagsterInvalidConfigError:
        return
    config = found["ops"][asset]["config"]
    assert name in config
    if "max_quarantined_share" in config:
        assert not isinstance(value, str)
    if name == "first_rows" and value is not None:
        stream = TripStream(pa.schema([]), iter([pa.record_batch([pa.array([1, 2])], ["a"])]), ())
        try:
            limited = take_first(stream, value)
        except TaxiError:
            assert value < 1
        else:
            assert sum(batch.num_rows for batch in limited.batches) == min(value, 2)


@fuzzed(300)
@given(mutations=MUTATIONS)
def test_a_zone_lookup_is_read_or_refused(mutations: Sequence[Mutation]) -> None:
    try:
        zones = read_zones(mutated(zone_lookup(), mutations))
    except ContractError:
        return
    assert [zone.location_id for zone in zones] == sorted({zone.location_id for zone in zones})


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Publication:
    """A month in a lake."""
    lake = Lake(tmp_path_factory.mktemp("lake"))
    made = publisher("sample", sample_rows=20, sample_format="parquet")
    return lake.keep(made.fetch(YELLOW_TAXI, MONTH, lake.staging(), None), YELLOW_TAXI, MONTH)


def read_back(kept: Publication, text: bytes) -> Publication | None:
    """What a lake says of the month whose publication.json is this."""
    lake = Lake(kept.path.parents[3])
    (kept.path.parent / "publication.json").write_bytes(text)
    lake.publishers(YELLOW_TAXI, MONTH)
    return lake.publication(YELLOW_TAXI, MONTH)


@fuzzed(200)
@given(mutations=MUTATIONS)
def test_a_damaged_publication_is_as_none(kept: Publication, mutations: Sequence[Mutation]) -> None:
    text = json.dumps({**asdict(kept), "path": kept.path.name}).encode()
    found = read_back(kept, mutated(text, mutations))
    assert found is None or (found.path == kept.path and found.size == kept.size)


@fuzzed(200)
@given(name=st.sampled_from([field.name for field in dataclasses.fields(Publication)]), value=JSON)
def test_a_publication_that_says_something_else_leads_to_no_other_file(
    kept: Publication, name: str, value: object
) -> None:
    found = read_back(kept, json.dumps({**asdict(kept), "path": kept.path.name, name: value}).encode())
    assert found is None or found.path == kept.path


@pytest.mark.parametrize(
    "path", ["../../../../../../../../etc/passwd", "/etc/passwd", ".", "..", "", "x" * 5_000, "a\0"]
)
def test_a_publication_leads_to_no_file_elsewhere(kept: Publication, path: str) -> None:
    size = Path("/etc/passwd").stat().st_size
    assert read_back(kept, json.dumps({**asdict(kept), "path": path, "size": size}).encode()) is None
    assert read_back(kept, b"[" * 100_000) is None


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """The settings of a mirror, from which a month has been cleaned."""
    root = tmp_path_factory.mktemp("run")
    settings = Settings(home=root / "taxi", publisher=(root / "site").as_uri())
    published = root / "site/trip-data" / TLC_SITE.file_name(YELLOW_TAXI, MONTH)
    published.parent.mkdir(parents=True)
    write_sample(YELLOW_TAXI, MONTH, published, rows=50, file_format="parquet")
    published.with_name("whole").write_bytes(published.read_bytes())
    assert run_month(settings, "yellow", str(MONTH), assets=["raw_trips", "clean_trips"]).success
    return settings


@fuzzed(8)
@given(mutations=MUTATIONS)
def test_a_clean_month_stays_as_it_was_when_its_new_file_is_refused(
    loaded: Settings, mutations: Sequence[Mutation]
) -> None:
    lake = Lake(loaded.home / "lake")
    files = [lake.clean_file(YELLOW_TAXI, MONTH), lake.quarantine_file(YELLOW_TAXI, MONTH)]
    before = [sha256(path) for path in files]
    folder = loaded.home.parent / "site/trip-data"
    published = folder / TLC_SITE.file_name(YELLOW_TAXI, MONTH)
    published.write_bytes(mutated((folder / "whole").read_bytes(), mutations))
    result = run_month(loaded, "yellow", str(MONTH), assets=["raw_trips", "clean_trips"], raises=False)
    if not result.success:
        [failed] = [event for event in result.all_events if event.is_step_failure]
        asset = (failed.step_key or "").partition("__")[2]
        assert failure(result, asset).partition("Failure: ")[2].startswith(f"yellow {MONTH}, {asset}: The ")
        assert [sha256(path) for path in files] == before
    assert list((loaded.home / "lake/staging").iterdir()) == []
