"""The part of the catalogue about rows: why one is flagged, and why one is kept out."""

from __future__ import annotations

from collections.abc import Iterator

from taxi_assets.cli.markdown import code, table
from taxi_assets.model.columns import QUALITY_FLAGS
from taxi_assets.model.datasets import DATASETS
from taxi_assets.transform.flags import FLAGS
from taxi_assets.transform.numbers import BOUNDS
from taxi_assets.transform.rules import (
    DUPLICATE,
    PROFILES,
    QUARANTINE,
    QUARANTINED_SHARE,
    UNREADABLE_ROWS,
    UNREADABLE_SHARE,
)
from taxi_assets.transform.texts import LONGEST_TEXT


def flags() -> str:
    """What flags a row, with its bit."""
    head = f"""\
## {QUALITY_FLAGS.name}

What is peculiar about a row that is kept. The column holds the sum of the values that apply, 0 for an ordinary row.
Test a bit with `(quality_flags & 4) <> 0`. A flag is set only in datasets that have the columns it looks at.
"""
    rows = ((str(bit), str(1 << bit), code(rule.name), rule.doc) for bit, rule in enumerate(FLAGS))
    return f"{head}\n{table(('Bit', 'Value', 'Flag', 'Meaning'), rows)}"


def quarantine() -> str:
    """What keeps a row out, and what cannot be read at all."""
    alike = ", ".join(code(dataset.name) for dataset in DATASETS.values() if not dataset.rows_identifiable)
    head = f"""\
## Quarantine

A row with one of these faults is kept out of the table of trips. It goes to the lake's folder `quarantine`, and in
Postgres and the warehouse to the table beside the trips whose name ends with `_quarantine`. The column `reasons` has
the names of its faults.

Which faults are looked for depends on the columns of a dataset, and on the profile that the month was cleaned with: the
run config `profile` of clean_trips. No row is called a duplicate in {alike}, where two trips may look the same.
"""
    return f"{head}\n{table(('Reason', 'Profile', 'Meaning'), _reasons())}\n{_unreadable()}"


def _unreadable() -> str:
    head = f"""\
### unreadable

A value is read if it is one of its column's type, be it written as a text, a number or a boolean: `1.0` is the code 1,
`NULL` and `nan` are nothing. These are not, and are in `published_text` as published:

- a row with another number of values than the file has columns, or with bytes that are no UTF-8;
- a text with a NUL, which no database takes, or of more than {LONGEST_TEXT:,} bytes;
- a time that is not written as the others of its column, a date without a time, or a year outside 1 to 9999, the range
  of BigQuery's DATETIME;
- a number that is not finite, has a fraction in a column of whole ones, or is, whatever its sign, not below a bound:
"""
    bounds = ((bound.what, f"{bound.below:,}", bound.why) for bound in BOUNDS)
    tail = f"""\
A month is refused, and replaces nothing, where more than {UNREADABLE_SHARE:.0%} of a column's values, and more than
{UNREADABLE_ROWS}, are unreadable: the column's meaning has changed then. It is refused too where one reason would send
more than {QUARANTINED_SHARE:.0%} of its rows to quarantine, a bound that can be set for a run: `max_quarantined_share`
in the run config of clean_trips.
"""
    return f"{head}\n{table(('Numbers', 'Below', 'Why'), bounds)}\n{tail}"


def _reasons() -> Iterator[tuple[str, str, str]]:
    """Every reason with the profiles that know it: those of all profiles first, then those of one."""
    for reason in (*QUARANTINE, DUPLICATE):
        yield code(reason.name), "all", reason.doc
    for profile, rules in PROFILES.items():
        for rule in rules:
            if rule not in QUARANTINE:
                yield code(rule.name), code(profile.value), rule.doc
