"""How a bundle is exported: what the command line's options say, in one object."""

from dataclasses import dataclass

from .fields import REGIONS

FORMS = ("serving", "published")
PROFILES = ("fast", "compact")
PRECISIONS = ("float32", "float16", "int8")
RECORDS = ("float32", "float16", "int8")


@dataclass(frozen=True)
class Settings:
    """`precision` is of the scorers' wide products; `records` is how records are stored, by default as narrow as the
    scorer computes, but for int8. `regions` and `max_tokens` are the sizes of an image and of the longest caption; where
    images have different numbers of regions, `regions` is the largest and `fewest_regions` the smallest.
    `logits`: scorers give the value before the sigmoid that makes their score. `explainer`: whether there is a graph that
    explains pairs, of a system that has one."""

    form: str = "serving"
    profile: str = "fast"
    precision: str = "float32"
    records: str = ""
    regions: int = 36
    max_tokens: int = 50
    logits: bool = False
    explainer: bool = True
    fewest_regions: int | None = None

    def __post_init__(self) -> None:
        if not self.records:
            object.__setattr__(self, "records", "float16" if self.precision == "float16" else "float32")

    @property
    def ragged_regions(self) -> bool:
        """Whether images have different numbers of regions."""
        return self.fewest_regions is not None

    @property
    def region_rows(self) -> int | str:
        """The first dimension of a field with a row a region."""
        return REGIONS if self.ragged_regions else self.regions

    @property
    def fast(self) -> bool:
        """Whether records store what could be computed from the features on demand."""
        return self.profile == "fast"
