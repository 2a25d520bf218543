"""A case: the bytes of one connection, and what is known of them."""
import base64
import json
import pathlib

# Stands for the key in what is kept: each run has another, and a file may be passed on.
KEY = b"rsk_qzkeyqz0key0_" + b"q" * 64


class Case:
    """
    What is sent on one connection, in parts. `sound`: it is one well-formed request, which must be answered. `ends`: the
    sender closes its side at once.
    """

    def __init__(self, form, parts, sound=False, method="GET", target="", ends=False):
        self.form, self.parts, self.sound, self.method, self.target, self.ends = form, list(parts), sound, method, target, ends

    @property
    def raw(self):
        return b"".join(self.parts)

    def keep(self, path, number, seed):
        pathlib.Path(path).write_text(json.dumps({
            "number": number, "seed": seed, "form": self.form, "sound": self.sound, "method": self.method, "target": self.target, "ends": self.ends,
            "shown": repr(self.raw[:400]), "parts": [base64.b64encode(part).decode() for part in self.parts]}, indent=1) + "\n")

    @staticmethod
    def read(path):
        """Raises ValueError for what is no case."""
        try:
            kept = json.loads(pathlib.Path(path).read_text())
            return Case(kept["form"], [base64.b64decode(part, validate=True) for part in kept["parts"]], kept["sound"], kept["method"], kept["target"], kept["ends"])
        except (OSError, KeyError, TypeError, ValueError) as fault:
            raise ValueError(f"{path} is no case: {type(fault).__name__} {fault}") from None
