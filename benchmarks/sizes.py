"""How small a Parquet file could be: written again with every zstd level from 1 to 9, row group by row group.

python -m benchmarks.sizes MONTH.parquet: prints JSON. Each level is tried with the file's own encodings and with
pyarrow's usual ones.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pyarrow.parquet as pq

LEVELS = range(1, 10)


def sizes(path: Path) -> dict[str, Any]:
    """Bytes of the file and, by encodings and level, of its copies."""
    file = pq.ParquetFile(path, pre_buffer=False)
    ways = {"own": _encodings(file), "usual": {}}
    levels = {f"{way}, level {level}": _size(file, level, options) for way, options in ways.items() for level in LEVELS}
    best = min(levels, key=levels.__getitem__)
    return {"bytes": path.stat().st_size, "best": best, "best_bytes": levels[best], "levels": levels}


def _encodings(file: pq.ParquetFile) -> dict[str, Any]:
    """The writer's options that give the encodings which the file has."""
    group = file.metadata.row_group(0)
    found = {group.column(place).path_in_schema: group.column(place).encodings for place in range(group.num_columns)}
    delta = [name for name, encodings in found.items() if "DELTA_BINARY_PACKED" in encodings]
    dictionary = [name for name, encodings in found.items() if "RLE_DICTIONARY" in encodings]
    return {"use_dictionary": dictionary, "column_encoding": dict.fromkeys(delta, "DELTA_BINARY_PACKED")}


def _size(file: pq.ParquetFile, level: int, options: dict[str, Any]) -> int:
    with TemporaryDirectory() as folder:
        copy = Path(folder) / "copy.parquet"
        with pq.ParquetWriter(
            copy, file.schema_arrow, compression="zstd", compression_level=level, **options
        ) as writer:
            for group in range(file.num_row_groups):
                rows = file.read_row_group(group)
                writer.write_table(rows, row_group_size=rows.num_rows)
            writer.add_key_value_metadata({key.decode(): value.decode() for key, value in _facts(file).items()})
        return copy.stat().st_size


def _facts(file: pq.ParquetFile) -> dict[bytes, bytes]:
    facts: dict[bytes, bytes] = file.metadata.metadata or {}
    return {key: value for key, value in facts.items() if not key.startswith(b"ARROW:")}


if __name__ == "__main__":
    print(json.dumps(sizes(Path(sys.argv[1]))))
