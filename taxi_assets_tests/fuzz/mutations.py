"""What is done to the bytes of a valid file, and how many examples are tried of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

_Test = TypeVar("_Test", bound=Callable[..., None])
SLOW = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large]
FUZZ = "fuzz"
"""The profile of `make fuzz`: other examples each time, and many of them."""


def fuzzed(examples: int) -> Callable[[_Test], _Test]:
    """Tries so many examples, the same ones each time; in the profile FUZZ as many others as that has."""
    if settings.get_current_profile_name() == FUZZ:
        return settings(suppress_health_check=SLOW)
    return settings(max_examples=examples, derandomize=True, database=None, suppress_health_check=SLOW)


@dataclass(frozen=True)
class Mutation:
    """A change at `place`, a share of the file's length: so many bytes are removed there, and others put in."""

    place: float
    removed: int
    inserted: bytes

    def apply(self, content: bytes, first: int) -> bytes:
        """The content, changed at or after the byte `first`."""
        at = first + int(self.place * (len(content) - first))
        return content[:at] + self.inserted + content[at + self.removed :]


_LIKELY = st.sampled_from([b"\x00", b"\xff", b"\x7f", b"\x80", b"\n", b",", b'"', b"\xff\xff\xff\xff\x0f", b"\xef\xbf"])
MUTATIONS = st.lists(
    st.builds(
        Mutation,
        place=st.floats(0, 1, exclude_max=True),
        removed=st.sampled_from([0, 1, 1, 1, 2, 4, 8, 300]),
        inserted=st.one_of(_LIKELY, st.binary(max_size=4), st.binary(min_size=20, max_size=300)),
    ),
    min_size=1,
    max_size=4,
)


def mutated(content: bytes, mutations: Sequence[Mutation], first: int = 0) -> bytes:
    """The content with all changes, at or after the byte `first`."""
    for mutation in mutations:
        content = mutation.apply(content, first)
    return content
