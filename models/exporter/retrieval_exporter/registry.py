"""The systems this exporter knows. To add one: a folder in `systems`, and its class here."""

from . import recognition
from .errors import ExportError
from .reading.checkpoints import Checkpoint, KeysDiffer
from .system import Option, System
from .systems.camp import Camp
from .systems.rdan import Rdan
from .systems.scan import Scan
from .systems.sgraf import Sgraf
from .systems.vsepp import Vsepp

# The first name of the first is what --random makes by default.
SYSTEMS: list[type[System]] = [Camp, Rdan, Scan, Sgraf, Vsepp]


def names() -> list[str]:
    """Every system by the name that bundle.json has for it."""
    return [name for system in SYSTEMS for name in system.names]


def options() -> list[Option]:
    """The options that some systems have of their own, each once."""
    return list({option.name: option for system in SYSTEMS for option in system.options}.values())


def named(name: str) -> type[System]:
    """The class that stands for a name."""
    return next(system for system in SYSTEMS if name in system.names)


def reader_of(checkpoint: Checkpoint) -> type[System]:
    """The one system whose checkpoint it is."""
    readers = [system for system in SYSTEMS if system.refusal(checkpoint) is None]
    if not readers:
        raise ExportError(f"{checkpoint.path}: {recognition.explained(checkpoint, SYSTEMS)}")
    if len(readers) > 1:
        claimed = " and ".join(system.names[0] for system in readers)
        raise ExportError(f"{checkpoint.path}: could be of {claimed}: `refusal` of one of them has to look for more")
    return readers[0]


def read(checkpoint: Checkpoint) -> System:
    """The system whose checkpoint it is, with its weights."""
    reader = reader_of(checkpoint)
    fault = recognition.foreign_options(checkpoint, [reader], SYSTEMS)
    if fault:
        raise ExportError(f"{checkpoint.path}: {fault}")
    try:
        return reader.from_checkpoint(checkpoint)
    except KeysDiffer as error:
        hint = recognition.contradiction(checkpoint, SYSTEMS)
        raise ExportError(f"{error}; {hint}" if hint else str(error))
