"""What is asked of the settings: names that are none of ours, a .env that goes before the environment, and made-up
trips where real ones lie.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from taxi_assets.cli.doctor.findings import Finding, ok, problem, warning
from taxi_assets.destinations.lake.folder import Lake
from taxi_assets.model.made_up import ANYWHERE, SAMPLE
from taxi_assets.settings import Settings, unknown_names


def names(environment: Mapping[str, str], overridden: Collection[str]) -> Finding:
    """Whether every variable that looks like ours is, and is not set to something else in .env."""
    if unknown := unknown_names(name for name, value in environment.items() if value):
        return warning(f"{', '.join(unknown)}: no setting, and does nothing", "The settings stand in .env.example.")
    if overridden:
        return warning(
            f"{', '.join(overridden)}: set in the environment and, otherwise, in .env",
            "Dagster takes what stands in .env: take it out there to set it for one command.",
        )
    return ok("fit together")


def made_up(settings: Settings) -> Finding:
    """Whether made-up trips could go where they should not, or lie in one place with real ones."""
    if settings.publisher == SAMPLE and settings.closed_to_sample:
        return problem(
            f"the publisher is {SAMPLE}, and {' and '.join(settings.closed_to_sample)} is set: runs will be refused",
            f"Set TAXI_PUBLISHER to tlc, datatalks or a mirror's URL; or {ANYWHERE}=true where made-up trips may go.",
        )
    if settings.publisher == SAMPLE and settings.external_places:
        return warning(f"go to places of your own: {ANYWHERE} is set", "")
    found = Lake(settings.home / "lake").months_by_publisher()
    shown = ", ".join(f"{count:,} of {publisher}" for publisher, count in sorted(found.items()))
    if SAMPLE in found and len(found) > 1:
        return warning(
            f"lie with published ones, months in the lake: {shown}",
            "source_file of a made-up row begins with sample/. Load those months from a real publisher, or leave them.",
        )
    return ok(f"months in the lake: {shown}" if found else "none here")
