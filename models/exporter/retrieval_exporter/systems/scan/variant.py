"""What a model of SCAN is beside its weights, which are the encoders' alone."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ...attention import NORMS
from ...errors import ExportError
from ...reading.options import number
from .aggregation import AGGREGATIONS

# Text to image: words attend to regions. Image to text: regions attend to words.
DIRECTIONS = ("t2i", "i2t")

# The paper's choice, a direction: lambda_1 (softmax) and lambda_2 (LogSumExp).
_LAMBDAS = {"t2i": (9.0, 6.0), "i2t": (4.0, 5.0)}


# Of both. Outside of it scores are infinite, or nothing of a score is left in float32.
_LEAST, _MOST = 1e-3, 1e3


@dataclass(frozen=True)
class Variant:
    """Names are those of the authors' options. `lambda_lse` is None where nothing is aggregated by LogSumExp."""

    direction: str
    raw_feature_norm: str
    agg_func: str
    lambda_softmax: float
    lambda_lse: float | None

    def entries(self) -> dict[str, str | float]:
        """As bundle.json and a checkpoint's options have it."""
        lse = {} if self.lambda_lse is None else {"lambda_lse": self.lambda_lse}
        return {"raw_feature_norm": self.raw_feature_norm, "agg_func": self.agg_func,
                "lambda_softmax": self.lambda_softmax, **lse}


def published(direction: str) -> dict[str, str | float]:
    """The options of the paper's models."""
    softmax, lse = _LAMBDAS[direction]
    return {"raw_feature_norm": NORMS[0], "agg_func": AGGREGATIONS[0], "lambda_softmax": softmax, "lambda_lse": lse}


def variant_of(direction: str, options: Mapping[str, Any], where: str) -> Variant:
    """The variant that options describe; `where` names them in errors."""
    norm = _one_of("raw_feature_norm", options, NORMS, where)
    aggregation = _one_of("agg_func", options, AGGREGATIONS, where)
    lse = _positive("lambda_lse", options, where) if aggregation == "LogSumExp" else None
    return Variant(direction, norm, aggregation, _positive("lambda_softmax", options, where), lse)


def _one_of(name: str, options: Mapping[str, Any], known: tuple[str, ...], where: str) -> str:
    value = options.get(name)
    if value not in known:
        raise ExportError(f"{where}: option {name} is {value!r}, expected {', '.join(known[:-1])} or {known[-1]}")
    return value


def _positive(name: str, options: Mapping[str, Any], where: str) -> float:
    return number(options, name, where, (_LEAST, _MOST), f"a positive number, {_LEAST:g} to {_MOST:g}")
