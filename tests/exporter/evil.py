"""Objects whose pickles ask for what a checkpoint has no business to ask for."""

import builtins
import os
import subprocess


class Foreign:
    """A class of somebody's own."""

    def __init__(self):
        self.value = 1


class Calls:
    """Unpickles as the result of `function(*arguments)`."""

    def __init__(self, function, *arguments):
        self.function, self.arguments = function, arguments

    def __reduce__(self):
        return self.function, self.arguments


def evil_objects(marker):
    """(name, object, what the refusal names); every call would create the file `marker`."""
    return [
        ("foreign class", Foreign(), "evil.Foreign"),
        ("os.system", Calls(os.system, "touch %s" % marker), "system"),
        ("builtins.eval", Calls(builtins.eval, "open(%r, 'w')" % str(marker)), "eval"),
        ("builtins.getattr", Calls(getattr, "x", "upper"), "getattr"),
        ("builtins.exec", Calls(builtins.exec, "open(%r, 'w')" % str(marker)), "exec"),
        ("subprocess", Calls(subprocess.check_call, ["touch", str(marker)]), "check_call"),
    ]
