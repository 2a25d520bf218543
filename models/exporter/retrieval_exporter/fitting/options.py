"""What a fit is told, checked."""

from dataclasses import dataclass

from ..command import check_least
from ..errors import ExportError


@dataclass(frozen=True)
class Options:
    """The numbers of a fit, named as the command line's options. All but `memory` decide what comes out."""

    slots: int = 32
    slot_width: int = 16
    max_tokens: int = 0
    steps: int = 1500
    second_steps: int = 750
    batch: int = 256
    rate: float = 2e-3
    scored_pairs: int = 160_000
    dev_queries: int = 1000
    dev_shortlist: int = 200
    seed: int = 0
    memory: int = 4096

    def __post_init__(self) -> None:
        if self.max_tokens in (1, 2):
            raise ExportError("--max-tokens must be at least 3, the two markers and a word, or 0")
        check_least(self, (("slots", 1), ("slot_width", 1), ("max_tokens", 0), ("steps", 0), ("second_steps", 0),
                           ("batch", 2), ("scored_pairs", 1), ("dev_queries", 1), ("dev_shortlist", 1), ("seed", 0),
                           ("memory", 0)))
        if not 0 < self.rate < 1:
            raise ExportError("--rate must be between 0 and 1")
