"""The fields of a record, as docs/bundle.md has them."""

from dataclasses import dataclass
from typing import NamedTuple

WORDS = "words"
REGIONS = "regions"


@dataclass(frozen=True)
class Field:
    """One tensor of a record. A `shape` that starts with "words" or "regions" is ragged: the field has one row a word
    or a region. `wide`: of the feature width, and therefore what records in int8 store in 8 bits."""

    name: str
    shape: tuple
    wide: bool = False

    @property
    def ragged(self) -> bool:
        return self.shape[0] in (WORDS, REGIONS)


class StoredField(NamedTuple):
    """A field as a bundle's manifest lists it."""

    name: str
    type: str
    shape: tuple

    @property
    def ragged(self) -> bool:
        return self.shape[0] in (WORDS, REGIONS)
