"""Every row of a published file is either clean or quarantined with its reasons; which of the two is decided here.

The rules themselves are in `rules.py`. Works batch by batch, so that memory stays bounded. Knows nothing of Dagster.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

import pyarrow as pa
import pyarrow.compute as pc

from taxi_assets.arrow import literal, repeated_date, repeated_text
from taxi_assets.datasets import Dataset
from taxi_assets.months import Month
from taxi_assets.reading import TripStream
from taxi_assets.rules import FLAGS, QUARANTINE, Rule

REASONS = "reasons"


@dataclass
class Tally:
    """Counts of a month, complete once its batches have been read: raw = clean + quarantined.

    A quarantined row counts under each of its reasons. Flags are counted over clean rows.
    """

    raw: int = 0
    clean: int = 0
    quarantined: int = 0
    reasons: Counter[str] = field(default_factory=Counter)
    flags: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True)
class CleanedMonth:
    """A month's rows as pairs of record batches (clean, quarantined), to be read once; `tally` fills while they are.

    The clean schema is the dataset's, with columns nobody has seen before at its end; the quarantine has `reasons` (a
    list of rule names) beside them.
    """

    dataset: Dataset
    month: Month
    source_file: str
    stream: TripStream
    tally: Tally = field(default_factory=Tally)

    @property
    def schema(self) -> pa.Schema:
        ours = self.dataset.schema
        new = [column for column in self.stream.schema if column.name not in ours.names]
        return pa.schema([*ours, *new])

    @property
    def quarantine_schema(self) -> pa.Schema:
        return self.schema.append(pa.field(REASONS, pa.list_(pa.string())))

    def __iter__(self) -> Iterator[tuple[pa.RecordBatch, pa.RecordBatch]]:
        for batch in self.stream.batches:
            yield self._split(batch)

    def _split(self, batch: pa.RecordBatch) -> tuple[pa.RecordBatch, pa.RecordBatch]:
        verdicts = self._verdicts(QUARANTINE, batch)
        bad = _any(list(verdicts.values()), batch.num_rows)
        flags = self._verdicts(FLAGS, batch)
        stamped = self._stamped(batch, _bits(list(flags.values()), batch.num_rows))
        good = pc.invert(bad)
        clean = stamped.filter(good)
        rejected = stamped.filter(bad)
        self.tally.raw += batch.num_rows
        self.tally.clean += clean.num_rows
        self.tally.quarantined += rejected.num_rows
        self.tally.reasons.update({name: _count(verdict) for name, verdict in verdicts.items()})
        self.tally.flags.update({name: _count(pc.and_(flag, good)) for name, flag in flags.items()})
        reasons = _reason_lists({name: verdict.filter(bad) for name, verdict in verdicts.items()}, rejected.num_rows)
        return clean, pa.record_batch([*rejected.columns, reasons], schema=self.quarantine_schema)

    def _verdicts(self, rules: tuple[Rule, ...], batch: pa.RecordBatch) -> dict[str, pa.Array]:
        known = set(batch.schema.names)
        no = literal(value=False, arrow_type=pa.bool_())
        return {
            rule.name: pc.fill_null(rule.judge(batch, self.month), no)
            for rule in rules
            if known.issuperset(rule.columns)
        }

    def _stamped(self, batch: pa.RecordBatch, flags: pa.Array) -> pa.RecordBatch:
        """The batch in the clean schema: with its month, its file and its flags."""
        ours = {
            "trip_month": repeated_date(self.month.first_day, batch.num_rows),
            "source_file": repeated_text(self.source_file, batch.num_rows),
            "quality_flags": flags,
        }
        schema = self.schema
        return pa.record_batch([ours[name] if name in ours else batch[name] for name in schema.names], schema=schema)


def flag_bits() -> dict[str, int]:
    """The value of each flag in quality_flags."""
    return {rule.name: 1 << bit for bit, rule in enumerate(FLAGS)}


def _any(verdicts: list[pa.Array], rows: int) -> pa.Array:
    result = pa.Array.from_buffers(pa.bool_(), rows, [None, pa.py_buffer(bytes((rows + 7) // 8))])
    for verdict in verdicts:
        result = pc.or_(result, verdict)
    return result


def _bits(flags: list[pa.Array], rows: int) -> pa.Array:
    int32 = pa.int32()
    result = pa.Array.from_buffers(int32, rows, [None, pa.py_buffer(bytes(rows * 4))])
    for bit, flag in enumerate(flags):
        result = pc.bit_wise_or(result, pc.multiply(pc.cast(flag, int32), literal(1 << bit, int32)))
    return result


def _count(verdict: pa.Array) -> int:
    return int(pc.sum(verdict, min_count=0).as_py())


def _reason_lists(verdicts: dict[str, pa.Array], rows: int) -> pa.Array:
    """For each quarantined row the names of the rules it broke; they are few, so Python may loop over them."""
    names = list(verdicts)
    columns = [verdict.to_pylist() for verdict in verdicts.values()]
    broken = [[name for name, column in zip(names, columns, strict=True) if column[row]] for row in range(rows)]
    flat = [name for reasons in broken for name in reasons]
    offsets, total = [0], 0
    for reasons in broken:
        total += len(reasons)
        offsets.append(total)
    return pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), pa.array(flat, pa.string()))
