"""Texts of published files: what they mean, which of them are UTF-8, and how a value is shown as text.

Each distinct text of a batch is looked at once.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from taxi_assets.transform.arrow import text_array

NULL_WORDS: Final = ("", "NULL", "Null", "null", "NaN", "nan", "NAN", "NA", "N/A", "None", "NaT", "\\N")
"""What programs write where nothing is: pandas, Spark, R, Postgres."""
_NULL_WORDS: Final = frozenset(word.lower() for word in NULL_WORDS)
LONGEST_TEXT: Final = 65_536
"""Bytes of a text that is stored. No published column holds longer ones, and 250 of them still fit into the 100 MB that
BigQuery takes for a row (Google's documentation, "Quotas and limits", load jobs).
"""
LONGEST_MISFIT: Final = 2_000
"""Bytes that are kept of a value that does not fit its column: those of all columns of a row fit into one text."""
NUL: Final = "\0"
"""The character that no database takes in a text."""


def is_text(arrow_type: pa.DataType) -> bool:
    return bool(pa.types.is_string(arrow_type))


def is_dictionary_of_text(arrow_type: pa.DataType) -> bool:
    return bool(pa.types.is_dictionary(arrow_type) and is_text(arrow_type.value_type))


def is_utf8(texts: pa.Array) -> bool:
    """Whether all texts of an array, or of a dictionary, are valid; Arrow does not ask when it reads Parquet."""
    try:
        (texts.dictionary if pa.types.is_dictionary(texts.type) else texts).validate(full=True)
    except pa.ArrowInvalid:
        return False
    return True


def meant(word: str) -> str | None:
    """A word without blanks around it; None for one that means that nothing is there."""
    stripped = word.strip()
    return None if stripped.lower() in _NULL_WORDS else stripped


def reworded(texts: pa.Array, change: Callable[[str], str | None]) -> pa.Array:
    """Texts with each distinct word changed once."""
    distinct = texts.dictionary_encode()
    published = distinct.dictionary.to_pylist()
    words = [change(word) for word in published]
    return texts if words == published else text_array(words).take(distinct.indices)


def cleared(texts: pa.Array) -> pa.Array:
    """Texts without blanks around them; null for the words that mean that nothing is there."""
    return reworded(texts, meant)


def decoded(array: pa.Array) -> tuple[pa.Array, dict[int, str]]:
    """Bytes as text; null where they are no UTF-8, with those bytes, escaped, by row."""
    try:
        return pc.cast(array, pa.string()), {}
    except pa.ArrowInvalid:
        texts: list[str | None] = []
        misfits: dict[int, str] = {}
        for row, value in enumerate(array.to_pylist()):
            try:
                texts.append(None if value is None else value.decode())
            except UnicodeDecodeError:
                texts.append(None)
                misfits[row] = shown(value, LONGEST_MISFIT)
        return text_array(texts), misfits


def is_storable(text: str, longest: int = LONGEST_TEXT) -> bool:
    """Whether every database takes the text: it has no NUL, and is no longer than so many bytes."""
    # A character has up to four bytes; few texts are so long that these must be counted.
    return NUL not in text and (4 * len(text) <= longest or len(text.encode()) <= longest)


def shown(value: object, longest: int = LONGEST_TEXT) -> str:
    """A published value as text that every database takes: bytes and NUL are escaped, and a text of more than `longest`
    bytes is cut, with its length behind it.
    """
    text = value.decode(errors="backslashreplace") if isinstance(value, bytes) else str(value)
    text = text.replace(NUL, "\\x00")
    if is_storable(text, longest):
        return text
    size = f"... ({len(text.encode()):,} bytes)"
    return text.encode()[: longest - len(size)].decode(errors="ignore") + size
