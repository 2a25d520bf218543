"""The systems this exporter knows. To add one: a folder in `systems`, and its class here."""

from .errors import ExportError
from .reading.checkpoints import Checkpoint
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
    refusals = {system: system.refusal(checkpoint) for system in SYSTEMS}
    readers = [system for system, refusal in refusals.items() if refusal is None]
    if not readers:
        raise ExportError(f"{checkpoint.path}: {'; '.join(filter(None, refusals.values()))}")
    if len(readers) > 1:
        claimed = " and ".join(system.names[0] for system in readers)
        raise ExportError(f"{checkpoint.path}: could be of {claimed}")
    return readers[0]
