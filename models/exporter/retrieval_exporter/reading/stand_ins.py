"""What names of a pickle become where the exporter does not know them: objects that do nothing and hold nothing.

Published checkpoints hold more than weights and options: states of optimizers, NumPy scalars, paths, classes of the
authors' own. None of that is needed, so none of it is imported or called. Whoever needs a value that turns out to be
a stand-in says so, with the place where it lies.
"""

from typing import Any

from torch import Tensor

# A name of a pickle may be as long as the file. A message shows so much of it.
_LONGEST_NAME = 80

_PLAIN = (Tensor, str, bytes, int, float, type(None))


class StandIn:
    """An object of an unknown class, or what an unknown function would have returned. Takes what an unpickler gives it
    and keeps nothing; without a `__dict__`, so that a pickle cannot change it."""

    __slots__ = ()

    origin = ""

    def __new__(cls, *arguments: Any, **named: Any) -> "StandIn":
        return object.__new__(cls)

    def __setstate__(self, state: Any) -> None:
        pass

    def append(self, item: Any) -> None:
        pass

    def extend(self, items: Any) -> None:
        pass

    def add(self, item: Any) -> None:
        pass

    def __setitem__(self, key: Any, item: Any) -> None:
        pass


def full_name(module: str, name: str) -> str:
    """`module.name`, fit for a message."""
    whole = f"{module}.{name}"
    return whole if len(whole) <= _LONGEST_NAME and whole.isprintable() else ascii(whole[:_LONGEST_NAME]) + "..."


def stand_in(module: str, name: str) -> type[StandIn]:
    """A class of stand-ins for `module.name`."""
    return type("StandIn", (StandIn,), {"__slots__": (), "origin": full_name(module, name)})


def is_stand_in(value: Any) -> bool:
    """Whether a value is a stand-in, or stands for an unknown class itself."""
    return isinstance(value, StandIn) or isinstance(value, type) and issubclass(value, StandIn)


def foreign(value: Any, place: str) -> str | None:
    """Where something else lies in `value` than tensors, plain containers, numbers and text, and what it is:
    "entry 'model'[1]['rnn.bias_hh_l0'] is a numpy.ndarray". None if nothing does. `place` is where `value` lies."""
    if isinstance(value, dict):
        items = value.items()
    elif isinstance(value, (list, tuple)):
        items = enumerate(value)
    elif isinstance(value, _PLAIN):
        return None
    else:
        return f"{place} is a {value.origin if is_stand_in(value) else type(value).__name__}"
    for key, item in items:
        shown = repr(key) if isinstance(key, (str, int)) and len(str(key)) <= _LONGEST_NAME else "..."
        found = foreign(item, f"{place}[{shown}]")
        if found:
            return found
    return None
