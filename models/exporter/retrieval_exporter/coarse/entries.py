"""The arrays of a coarse file, each checked as it is taken."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ..errors import ExportError


class Entries:
    """Arrays by name. `where` names their source in errors. A size given as a letter is whatever the first array with
    it has, 1 at least, and the same in the others."""

    def __init__(self, content: Mapping[str, Any], where: str) -> None:
        self.where = where
        self._left = dict(content)
        self._sizes: dict[str, int] = {}

    def __contains__(self, name: str) -> bool:
        return name in self._left

    def error(self, message: str) -> ExportError:
        """An error that says where the entries are from."""
        return ExportError(f"{self.where}: {message}")

    def take(self, name: str) -> np.ndarray:
        """An array as it is stored."""
        if name not in self._left:
            raise self.error(f"no {name} in it")
        value = self._left.pop(name)
        try:
            # NumPy knows no bfloat16.
            if isinstance(value, Tensor) and value.is_floating_point():
                value = value.detach().float()
            return np.asarray(value)
        except (TypeError, ValueError, RuntimeError):
            raise self.error(f"{name} is no array")

    def numbers(self, name: str, *shape: int | str) -> np.ndarray:
        """Finite numbers of the given shape."""
        array = self.take(name)
        if array.dtype.kind not in "fiu":
            raise self.error(f"{name} holds {array.dtype}, expected numbers")
        expected = [self._sizes.get(size, size) for size in shape]
        if array.ndim != len(shape) or any(
                found != size if isinstance(size, int) else found < 1 for found, size in zip(array.shape, expected)):
            raise self.error(f"{name} has shape {list(array.shape)}, expected [{', '.join(map(str, expected))}]")
        self._sizes.update({size: found for size, found in zip(shape, array.shape) if isinstance(size, str)})
        if not np.isfinite(array).all():
            raise self.error(f"{name} holds values that are not finite")
        return array

    def tensor(self, name: str, *shape: int | str) -> Tensor:
        """The same as a float32 tensor."""
        array = self.numbers(name, *shape)
        with np.errstate(over="ignore"):
            single = array.astype(np.float32)
        if not np.isfinite(single).all():
            raise self.error(f"{name} holds values beyond float32")
        return torch.from_numpy(single)

    def flag(self, name: str) -> bool:
        """A single true or false."""
        array = self.take(name)
        if array.dtype != np.bool_ or array.ndim:
            raise self.error(f"{name} has type {array.dtype} and shape {list(array.shape)}, expected one bool")
        return bool(array)

    def text(self, name: str) -> str:
        """A single string."""
        array = self.take(name)
        if array.dtype.kind != "U" or array.ndim:
            raise self.error(f"{name} has type {array.dtype} and shape {list(array.shape)}, expected one text")
        return str(array)

    def finish(self) -> None:
        """Refuses what nobody took."""
        if self._left:
            raise self.error(f"unknown entry {min(map(str, self._left))}")
