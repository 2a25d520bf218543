"""The one kind of error that is the user's to mend: shown as one line, exit code 2."""


class ExportError(Exception):
    """Names the file and what is wrong with it."""
