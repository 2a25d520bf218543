"""What the command lines share: how an option is written, its lower bound, and how a command ends."""

import argparse
import signal
import sys
from collections.abc import Callable, Iterable
from typing import NoReturn

from .errors import ExportError


class Parser(argparse.ArgumentParser):
    """Faults of the command line in one line, as every other: `error: `, exit code 2."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"error: {message}; --help shows the options\n")


def flag(name: str) -> str:
    """max_tokens -> --max-tokens."""
    return "--" + name.replace("_", "-")


def check_least(values: object, bounds: Iterable[tuple[str, int]]) -> None:
    """Attributes by name that are at least so much; the first that is not is an `ExportError` that names its option."""
    for name, least in bounds:
        if getattr(values, name) < least:
            raise ExportError(f"{flag(name)} must be at least {least}")


def exit_code(run: Callable[[], None], interrupted: str) -> int:
    """Runs a command -> 0, or 2 for what the user can mend, or 130 with `interrupted` where Ctrl-C ended it."""
    # What undoes half-done work is in finally clauses, which a signal's default would pass by.
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
    try:
        run()
    except KeyboardInterrupt:
        print(interrupted, file=sys.stderr)
        return 130
    except ExportError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0
