"""How the fields of a record are stored: in float32, in float16, or the wide ones in 8 bits."""

from collections.abc import Iterable, Mapping

import torch
from torch import Tensor

from ..fields import Field, StoredField
from .arithmetic import Arithmetic
from .integers import row_scale

SCALE = "_scale"


class Storage:
    """`kind` is one of `settings.RECORDS`. In int8, a wide field is stored as int8 with one scale a row, the field
    `<name>_scale [..., 1]`; the small fields stay floating point, float16 where the scorer computes in it.
    """

    def __init__(self, kind: str, math: Arithmetic) -> None:
        self.kind = kind
        self.math = math

    def _counted(self, field: Field) -> bool:
        return self.kind == "int8" and field.wide

    def fields(self, fields: Iterable[Field]) -> list[StoredField]:
        """A record's fields -> what is stored."""
        floats = self.kind if self.kind != "int8" else "float16" if self.math.half else "float32"
        stored = []
        for field in fields:
            if self._counted(field):
                stored += [StoredField(field.name, "int8", field.shape),
                           StoredField(field.name + SCALE, floats, (*field.shape[:-1], 1))]
            else:
                stored.append(StoredField(field.name, floats, field.shape))
        return stored

    def pack(self, record: Mapping[str, Tensor], fields: Iterable[Field]) -> dict[str, Tensor]:
        """A record's fields in float32 -> the tensors stored, in the order of `fields`."""
        tensors = {}
        for field in fields:
            x = record[field.name]
            if self._counted(field):
                # Counted in steps of the scale as it is stored, rounded.
                scale = row_scale(x)
                scale = scale.half() if self.math.half else scale
                tensors[field.name] = (x / scale.float()).round().clamp(-127, 127).to(torch.int8)
                tensors[field.name + SCALE] = scale
            else:
                half = self.kind == "float16" or self.kind == "int8" and self.math.half
                tensors[field.name] = x.half() if half else x
        return tensors

    def unpack(self, tensors: Mapping[str, Tensor], fields: Iterable[Field]) -> dict[str, Tensor]:
        """What is stored -> the fields in the type that the scorer computes in."""
        record = {}
        for field in fields:
            x = tensors[field.name]
            if self._counted(field):
                x = x.to(torch.float16 if self.math.half else torch.float32) * tensors[field.name + SCALE]
            record[field.name] = self.math.narrow(x) if self.math.half else self.math.wide(x)
        return record
