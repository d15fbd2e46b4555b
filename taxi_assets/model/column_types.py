"""Column types of the databases, from the Arrow schema of what is stored there."""

from __future__ import annotations

import pyarrow as pa

from taxi_assets.model.columns import Kind, Types

_BY_ARROW = {kind.value.arrow: kind.value for kind in Kind}


def types_of(arrow_type: pa.DataType) -> Types:
    """The names of an Arrow type in each system; raises KeyError for a type that no column has."""
    if pa.types.is_list(arrow_type):
        element = types_of(arrow_type.value_type)
        return Types(f"list<{element.arrow}>", f"{element.postgres}[]", element.bigquery, f"{element.duckdb}[]")
    return _BY_ARROW[str(arrow_type)]
