"""What is checked of the settings: unknown names, a .env that overrides the environment, and made-up trips."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from taxi_assets.cli.doctor.findings import Finding, ok, problem, warning
from taxi_assets.destinations.lake.folder import Lake
from taxi_assets.model.made_up import ANYWHERE, SAMPLE
from taxi_assets.settings import Settings, unknown_names


def names(environment: Mapping[str, str], overridden: Collection[str]) -> Finding:
    """Whether every variable that looks like a setting is one, and none is overridden by .env."""
    if unknown := unknown_names(name for name, value in environment.items() if value):
        return warning(
            f"{', '.join(unknown)}: no setting, and does nothing", "All settings are listed in .env.example."
        )
    if overridden:
        return warning(
            f"{', '.join(overridden)}: set in the environment, and to another value in .env",
            "Dagster uses the value in .env: remove it there to set the variable for one command.",
        )
    return ok("fit together")


def made_up(settings: Settings) -> Finding:
    """Whether made-up trips could go where they should not, or are stored together with real ones."""
    if settings.publisher == SAMPLE and settings.closed_to_sample:
        return problem(
            f"the publisher is {SAMPLE}, and {' and '.join(settings.closed_to_sample)} is set: runs will be refused",
            f"Set TAXI_PUBLISHER to tlc, datatalks or a mirror's URL; or {ANYWHERE}=true if they may go there.",
        )
    if settings.publisher == SAMPLE and settings.external_places:
        return warning(f"go to external places: {ANYWHERE} is set", "")
    found = Lake(settings.home / "lake").months_by_publisher()
    shown = ", ".join(f"{count:,} of {publisher}" for publisher, count in sorted(found.items()))
    if SAMPLE in found and len(found) > 1:
        return warning(
            f"are stored with published ones, months in the lake: {shown}",
            "In made-up rows source_file begins with sample/. Load those months from a real publisher, or leave them.",
        )
    return ok(f"months in the lake: {shown}" if found else "none here")
