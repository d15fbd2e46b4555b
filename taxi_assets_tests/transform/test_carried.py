"""Values of columns that nobody has described, as text: every type, every value."""

from __future__ import annotations

import json
from typing import Any

import pyarrow as pa
import pytest

from taxi_assets.transform.carried import as_text, carried
from taxi_assets_tests.destinations.any_columns import not_utf8

SECOND = 1_609_661_221
NESTED = pa.struct([("when", pa.timestamp("s")), ("bytes", pa.binary()), ("many", pa.list_(pa.float64()))])


@pytest.mark.parametrize(
    ("array", "texts"),
    [
        (pa.array([" a ", "NULL", "", "nan", None]), ["a", None, None, None, None]),
        (pa.array(["a", "b"]).dictionary_encode().dictionary_decode(), ["a", "b"]),
        (not_utf8([b"a", b"\xff\x00"]), ["a", "\\xff\\x00"]),
        (pa.array([b"\xff", b"ok"], pa.binary()), ["\\xff", "ok"]),
        (pa.array([2**64 - 1], pa.uint64()), ["18446744073709551615"]),
        (pa.array([1e300, float("inf"), float("nan")]), ["1e+300", "inf", None]),
        (pa.array([True, False]), ["true", "false"]),
        (pa.array([SECOND], pa.timestamp("s")), ["2021-01-03 08:07:01"]),
        (pa.array([SECOND * 1000 + 5], pa.timestamp("ms")), ["2021-01-03 08:07:01.005"]),
        (pa.array([SECOND], pa.timestamp("s", "America/New_York")), ["2021-01-03 08:07:01+00:00"]),
        (pa.array([SECOND], pa.timestamp("s", "Nowhere/Town")), ["2021-01-03 08:07:01+00:00"]),
        (pa.array([2**62], pa.timestamp("us")), ["<value out of range: 4611686018427387904>"]),
        (pa.array([18_630], pa.date32()), ["2021-01-03"]),
        (pa.array([3_600], pa.time32("s")), ["01:00:00"]),
        (pa.array([90], pa.duration("s")), ["90"]),
    ],
)
def test_each_type_has_its_text(array: pa.Array, texts: list[str | None]) -> None:
    assert carried(array).to_pylist() == texts


@pytest.mark.parametrize(
    ("array", "values"),
    [
        (
            pa.array([{"when": SECOND, "bytes": b"\xff", "many": [0.5, float("inf"), None]}, None], NESTED),
            [{"when": "2021-01-03 08:07:01", "bytes": "\\xff", "many": [0.5, "inf", None]}, None],
        ),
        (pa.array([[[1], None], [], None]), [[[1], None], [], None]),
        (pa.array([[[1], None], [], None, [[2]]]).slice(2), [None, [[2]]]),
        (pa.array([[("a", 1)], [], None], pa.map_(pa.string(), pa.int8())), [[{"key": "a", "value": 1}], [], None]),
        (pa.array([[1, 2], None], pa.list_(pa.int8(), 2)), [[1, 2], None]),
        (pa.StructArray.from_arrays([pa.array([1]), pa.array([2])], names=["a", "a"]), [{"a": 2}]),
        (pa.array([{"b": "ü"}, {"b": "x"}]).slice(1), [{"b": "x"}]),
        (pa.array([{}], pa.struct([])), [{}]),
    ],
)
def test_nested_values_are_json(array: pa.Array, values: list[Any]) -> None:
    texts = as_text(array).to_pylist()
    assert [None if text is None else json.loads(text) for text in texts] == values
