"""Cleaning: every row of a published file is either clean, or in quarantine with its reasons.

The rules are in `rules.py` and `flags.py`. Works batch by batch, so that memory stays bounded.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from taxi_assets.errors import ContractError, TaxiError
from taxi_assets.model.datasets import Dataset
from taxi_assets.model.months import Month
from taxi_assets.transform.arrow import literal, repeated_date, repeated_text, text_lists
from taxi_assets.transform.duplicates import SeenRows
from taxi_assets.transform.flags import FLAGS
from taxi_assets.transform.reading import PUBLISHED_TEXT, TripStream
from taxi_assets.transform.rule import Rule
from taxi_assets.transform.rules import DUPLICATE, PROFILES, QUARANTINE, QUARANTINED_SHARE, Profile

REASONS = "reasons"
_DEFAULT_REASONS = tuple(rule.name for rule in QUARANTINE)


@dataclass
class Tally:
    """Counts of a month, complete once its batches have been read: raw = clean + quarantined + duplicates.

    `duplicates` are the rows in quarantine that repeat an earlier row, `quarantined` are the other rows there. A row
    counts under each of its reasons. Flags are counted over clean rows only.
    """

    raw: int = 0
    clean: int = 0
    quarantined: int = 0
    duplicates: int = 0
    reasons: Counter[str] = field(default_factory=Counter)
    flags: Counter[str] = field(default_factory=Counter)


class CleanedMonth:
    """A month's rows as pairs of record batches (clean, quarantined). They can be read once; `tally` fills meanwhile.

    The clean schema is the dataset's, with columns nobody has seen before at its end; the quarantine has `reasons` (a
    list of rule names) and `published_text` (what could not be read) beside them. `scratch` is a folder for what the
    search for duplicates does not hold in memory. `publisher` is whose file it is, for whoever looks at the month.
    `max_quarantined_share` is how much of the month one reason may send to quarantine; a try-out has no such bound.
    `published` is the file that is read, where it is removed when another replaces it.
    """

    def __init__(
        self,
        dataset: Dataset,
        month: Month,
        source_file: str,
        stream: TripStream,
        profile: Profile = Profile.DEFAULT,
        scratch: Path | None = None,
        publisher: str = "",
        max_quarantined_share: float = QUARANTINED_SHARE,
        published: Path | None = None,
    ) -> None:
        self.month = month
        self.source_file = source_file
        self.publisher = publisher
        self.stream = stream
        self.profile = profile
        self.tally = Tally()
        names = stream.schema.names
        new = [column for column in stream.schema if column.name not in (*dataset.schema.names, PUBLISHED_TEXT)]
        self.schema = pa.schema([*dataset.schema, *new])
        self.carried = frozenset(field.name for field in new)
        extra = [pa.field(PUBLISHED_TEXT, pa.string()), pa.field(REASONS, pa.list_(pa.string()))]
        self.quarantine_schema = pa.schema([*self.schema, *extra])
        # A carried column may be called as one of another dataset, and hold anything.
        self._described = [name for name in names if name in (*dataset.schema.names, PUBLISHED_TEXT)]
        self._rules = [rule for rule in PROFILES[profile] if rule.applies_to(self._described)]
        self._flags = [rule for rule in FLAGS if rule.applies_to(self._described)]
        self._published = [name for name in names if name != "source_row"]
        self._max_quarantined_share = max_quarantined_share
        self._file = published
        self._seen = SeenRows(scratch) if dataset.rows_identifiable else None

    def __iter__(self) -> Iterator[tuple[pa.RecordBatch, pa.RecordBatch]]:
        for batch in self.stream.batches:
            yield self._split(batch)

    def check(self) -> None:
        """Raises ContractError when so many rows are in quarantine that this cannot be the month; after the last batch.

        A try-out of the first rows has no such bound.
        """
        if self.stream.first_rows is not None:
            return
        reasons = Counter({name: self.tally.reasons[name] for name in (*_DEFAULT_REASONS, DUPLICATE.name)})
        for name, count in reasons.most_common(1):
            if count > self._max_quarantined_share * self.tally.raw:
                raise ContractError(
                    f"{count:,} of the {self.tally.raw:,} rows would go to quarantine as {name}: this cannot be the "
                    "month. Nothing was replaced.",
                    "Look at what the publisher serves under this name: another month's file, or times in a format of "
                    "their own? To load it all the same, run the month with max_quarantined_share: 1.0 in the run "
                    "config of clean_trips.",
                )

    def check_not_replaced(self) -> None:
        """Raises TaxiError (a retry may help) when another run has replaced the published file since it was opened.

        A run that was stopped meanwhile would otherwise put old rows in the place of the new ones.
        """
        if self._file is not None and not self._file.exists():
            raise TaxiError(
                "Another run has replaced the published file while this one cleaned it. Nothing was replaced.",
                "Run the month again.",
                retry=True,
            )

    def _split(self, batch: pa.RecordBatch) -> tuple[pa.RecordBatch, pa.RecordBatch]:
        verdicts = self._verdicts(self._rules, batch)
        if self._seen is not None:
            repeats = np.packbits(self._seen.repeats(batch.select(self._published)), bitorder="little")
            verdicts[DUPLICATE.name] = _booleans(repeats.tobytes(), batch.num_rows)
        bad = _any(list(verdicts.values()), batch.num_rows)
        flags = self._verdicts(self._flags, batch)
        stamped = self._stamped(batch, _bits(flags, batch.num_rows))
        good = pc.invert(bad)
        clean = stamped.filter(good)
        rejected = stamped.filter(bad)
        broken = {name: verdict.filter(bad) for name, verdict in verdicts.items()}
        self._count(batch.num_rows, clean.num_rows, broken, {name: flag.filter(good) for name, flag in flags.items()})
        texts = batch[PUBLISHED_TEXT].filter(bad)
        quarantined = [*rejected.columns, texts, text_lists(broken, rejected.num_rows)]
        return clean, pa.record_batch(quarantined, schema=self.quarantine_schema)

    def _verdicts(self, rules: list[Rule], batch: pa.RecordBatch) -> dict[str, pa.Array]:
        no = literal(value=False, arrow_type=pa.bool_())
        described = batch.select(self._described)
        return {rule.name: pc.fill_null(rule.judge(described, self.month), no) for rule in rules}

    def _stamped(self, batch: pa.RecordBatch, flags: pa.Array) -> pa.RecordBatch:
        """The batch in the clean schema, with its month, its file and its flags."""
        ours = {
            "trip_month": repeated_date(self.month.first_day, batch.num_rows),
            "source_file": repeated_text(self.source_file, batch.num_rows),
            "quality_flags": flags,
        }
        columns = [ours[name] if name in ours else batch[name] for name in self.schema.names]
        return pa.record_batch(columns, schema=self.schema)

    def _count(self, raw: int, clean: int, broken: dict[str, pa.Array], flags: dict[str, pa.Array]) -> None:
        duplicates = _trues(broken[DUPLICATE.name]) if DUPLICATE.name in broken else 0
        self.tally.raw += raw
        self.tally.clean += clean
        self.tally.duplicates += duplicates
        self.tally.quarantined += raw - clean - duplicates
        self.tally.reasons.update({name: _trues(verdict) for name, verdict in broken.items()})
        self.tally.flags.update({name: _trues(flag) for name, flag in flags.items()})


def flag_bits() -> dict[str, int]:
    """The value that each flag has in quality_flags, by its name."""
    return {rule.name: 1 << bit for bit, rule in enumerate(FLAGS)}


def _any(verdicts: list[pa.Array], rows: int) -> pa.Array:
    result = _booleans(bytes((rows + 7) // 8), rows)
    for verdict in verdicts:
        result = pc.or_(result, verdict)
    return result


def _bits(flags: dict[str, pa.Array], rows: int) -> pa.Array:
    int32 = pa.int32()
    values = flag_bits()
    result = pa.Array.from_buffers(int32, rows, [None, pa.py_buffer(bytes(rows * 4))])
    for name, flag in flags.items():
        result = pc.bit_wise_or(result, pc.multiply(pc.cast(flag, int32), literal(values[name], int32)))
    return result


def _booleans(bits: bytes, rows: int) -> pa.Array:
    return pa.Array.from_buffers(pa.bool_(), rows, [None, pa.py_buffer(bits)])


def _trues(verdict: pa.Array) -> int:
    return int(pc.sum(verdict, min_count=0).as_py())
