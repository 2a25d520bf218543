"""How the fields of a record are stored: in float32, in float16, or the wide ones in 8 bits."""

import torch

from .integers import row_scale

RECORDS = ("float32", "float16", "int8")
SCALE = "_scale"


class Storage:
    """`kind` is one of `RECORDS`. In int8, a field of the feature width is stored as int8 with one scale a row, the
    field `<name>_scale [..., 1]`; the small fields stay floating point, float16 where the scorer computes in it.
    """

    def __init__(self, kind, math):
        self.kind = kind
        self.math = math

    def _counted(self, shape, width):
        return self.kind == "int8" and shape[-1] == width

    def fields(self, fields, width):
        """(name, shape) of a record's fields -> (name, type, shape) of what is stored."""
        floats = self.kind if self.kind != "int8" else "float16" if self.math.half else "float32"
        stored = []
        for name, shape in fields:
            if self._counted(shape, width):
                stored += [(name, "int8", tuple(shape)), (name + SCALE, floats, (*shape[:-1], 1))]
            else:
                stored.append((name, floats, tuple(shape)))
        return stored

    def pack(self, record, fields, width):
        """A record's fields in float32 -> the tensors stored, in the order of `fields`."""
        tensors = {}
        for name, shape in fields:
            x = record[name]
            if self._counted(shape, width):
                # Counted in steps of the scale as it is stored, rounded.
                scale = row_scale(x)
                scale = scale.half() if self.math.half else scale
                tensors[name] = (x / scale.float()).round().clamp(-127, 127).to(torch.int8)
                tensors[name + SCALE] = scale
            else:
                half = self.kind == "float16" or self.kind == "int8" and self.math.half
                tensors[name] = x.half() if half else x
        return tensors

    def unpack(self, tensors, fields, width):
        """What is stored -> the fields in the type that the scorer computes in."""
        record = {}
        for name, shape in fields:
            x = tensors[name]
            if self._counted(shape, width):
                x = x.to(torch.float16 if self.math.half else torch.float32) * tensors[name + SCALE]
            record[name] = self.math.narrow(x) if self.math.half else self.math.wide(x)
        return record
