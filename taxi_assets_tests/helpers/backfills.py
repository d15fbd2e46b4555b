"""Backfills as the UI launches, cancels and retries them, by GraphQL; and what it shows of each month."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from taxi_assets.model.months import Month
from taxi_assets_tests.helpers.dagster_dev import DagsterDev

LAUNCH = """mutation ($params: LaunchBackfillParams!) { done: launchPartitionBackfill(backfillParams: $params) {
    __typename ... on LaunchBackfillSuccess { backfillId } ... on PythonError { message } } }"""
CANCEL = """mutation ($id: String!) { done: cancelPartitionBackfill(backfillId: $id) {
    __typename ... on CancelBackfillSuccess { backfillId } ... on PythonError { message } } }"""
RETRY = """mutation ($params: ReexecutionParams) { done: reexecutePartitionBackfill(reexecutionParams: $params) {
    __typename ... on LaunchBackfillSuccess { backfillId } ... on PythonError { message } } }"""
STATUS = """query ($id: String!) { partitionBackfillOrError(backfillId: $id) {
    ... on PartitionBackfill { status } } }"""
UNFINISHED = """query ($filter: RunsFilter!) { runsOrError(filter: $filter) { ... on Runs { results { runId } } } }"""
ASSETS = """query ($group: AssetGroupSelector!) { assetNodes(group: $group) { assetKey { path }
    assetPartitionStatuses { ... on TimePartitionStatuses { ranges { status startKey endKey } } } } }"""
TIMES = """query ($key: AssetKeyInput!, $months: [String!]) { assetOrError(assetKey: $key) {
    ... on Asset { assetMaterializations(partitions: $months) { partition } } } }"""
REPOSITORY = {"repositoryName": "__repository__", "repositoryLocationName": "taxi_assets"}
MATERIALIZED = "MATERIALIZED"


@dataclass(frozen=True)
class Backfill:
    """A backfill of all assets of a dataset."""

    dev: DagsterDev
    id: str

    @classmethod
    def launch(cls, dev: DagsterDev, dataset: str, months: Iterable[str]) -> Backfill:
        """Launches it for these months, as *Materialize all* of the dataset's group does."""
        selection = [{"path": path} for path, _ in _assets(dev, dataset)]
        keys = [Month.parse(month).key for month in months]
        return cls._done(dev, LAUNCH, params={"assetSelection": selection, "partitionNames": keys})

    def cancel(self) -> bool:
        """Cancels it, as *Cancel backfill* does; returns whether it is cancelled.

        Call it until it returns True: a daemon at work on the backfill overwrites the request with what it read before.
        """
        if self.status == "REQUESTED":
            self._done(self.dev, CANCEL, id=self.id)
        return self.status == "CANCELED"

    def retry(self) -> Backfill:
        """Launches a new backfill of what is not materialized, as *Re-execute from failure* does."""
        return self._done(self.dev, RETRY, params={"parentRunId": self.id, "strategy": "FROM_FAILURE"})

    @property
    def status(self) -> str:
        status: str = self.dev.graphql(STATUS, id=self.id)["partitionBackfillOrError"]["status"]
        return status

    @property
    def idle(self) -> bool:
        """Whether no run of it is queued or in progress."""
        wanted = {
            "tags": [{"key": "dagster/backfill", "value": self.id}],
            "statuses": ["QUEUED", "NOT_STARTED", "STARTING", "STARTED", "CANCELING"],
        }
        return not self.dev.graphql(UNFINISHED, filter=wanted)["runsOrError"]["results"]

    @classmethod
    def _done(cls, dev: DagsterDev, mutation: str, **variables: object) -> Backfill:
        done = dev.graphql(mutation, **variables)["done"]
        assert "backfillId" in done, done
        return cls(dev, done["backfillId"])


def statuses(dev: DagsterDev, dataset: str, months: Iterable[str]) -> dict[str, set[str]]:
    """The states that the UI shows of each month over all assets of the dataset: MATERIALIZED, FAILED, MISSING, …"""
    found: dict[str, set[str]] = {month: set() for month in months}
    for _, ranges in _assets(dev, dataset):
        for month, said in found.items():
            key = Month.parse(month).key
            said.add(next((part["status"] for part in ranges if part["startKey"] <= key <= part["endKey"]), "MISSING"))
    return found


def complete(dev: DagsterDev, dataset: str, months: Iterable[str]) -> list[str]:
    """The months in which every asset is materialized."""
    return [month for month, said in statuses(dev, dataset, months).items() if said == {MATERIALIZED}]


def times_materialized(dev: DagsterDev, dataset: str, asset: str, months: Iterable[str]) -> dict[str, int]:
    """How often each month of an asset has been materialized."""
    keys = [Month.parse(month).key for month in months]
    asset_key = {"path": [dataset, asset]}
    events = dev.graphql(TIMES, key=asset_key, months=keys)["assetOrError"]["assetMaterializations"]
    partitions = [event["partition"] for event in events]
    return {month: partitions.count(Month.parse(month).key) for month in months}


def _assets(dev: DagsterDev, dataset: str) -> list[tuple[list[str], list[dict[str, str]]]]:
    """Key and ranges of equal status of each asset of a dataset."""
    nodes = dev.graphql(ASSETS, group={"groupName": dataset, **REPOSITORY})["assetNodes"]
    return [(node["assetKey"]["path"], node["assetPartitionStatuses"]["ranges"]) for node in nodes]
