"""Damage to the files of an index, drawn and done."""
import pathlib
import struct

NOT_FINITE = [0x7FC00000, 0x7F800000, 0xFF800000, 0x7F800001]
WHOLE = ("lock",)


def files(index):
    """All files of the index but its lock and its lists of refused rows, in a fixed order."""
    index = pathlib.Path(index)
    return sorted(path for path in index.rglob("*") if path.is_file() and path.name not in WHOLE and "rejects" not in path.parts)


def floats(path):
    return path.suffix == ".f32"


class Wound:
    """One damage done: which file, what, whether the file's bytes have changed by it, and whether it is a number that is not finite."""

    def __init__(self, path, what, changed, not_finite=False):
        self.path, self.what, self.changed, self.not_finite = path, what, changed, not_finite

    def __str__(self):
        return f"{self.what} {self.path}"


def draw(rng, index):
    """Files with weights: small ones that say where things lie are hit as often as the large ones."""
    found = [path for path in files(index) if path.stat().st_size > 0]
    groups = {}
    for path in found:
        kind = "manifest" if path.name.startswith("manifest") else "ends" if path.suffix == ".i64" or path.suffix == ".i32" else "floats" if floats(path) else "texts" if path.suffix in (".utf8", ".json") else "seals"
        groups.setdefault(kind, []).append(path)
    return rng.choice(groups[rng.choice(sorted(groups))])


def hurt(rng, index, path=None, what=None):
    """Does one damage in place, as a disk or a careless hand would."""
    path = path or draw(rng, index)
    size = path.stat().st_size
    name = str(path.relative_to(index))
    what = what or rng.choice(["flip", "flip", "flip", "truncate", "truncate", "remove", "zero", "nonfinite", "garbage", "append", "lines"])
    if what == "nonfinite" and not floats(path) or what == "lines" and not path.name.startswith("manifest"):
        what = "flip"
    before = path.read_bytes()
    if what == "remove":
        path.unlink()
        return Wound(name, "removed", True)
    if what == "truncate":
        length = int(size * rng.random()) if rng.random() < 0.8 else max(0, size - rng.choice([1, 4, 8, 512]))
        with open(path, "r+b") as file:
            file.truncate(length)
        return Wound(name, f"truncated from {size} to {length}:", length != size)
    if what == "append":
        with open(path, "ab") as file:
            file.write(bytes(rng.randrange(256) for _ in range(rng.choice([1, 8, 100]))))
        return Wound(name, "appended to", path.name.startswith("manifest"))
    data = bytearray(before)
    if what == "flip":
        bits = [(rng.randrange(size), rng.randrange(8)) for _ in range(rng.choice([1, 1, 1, 5]))]
        for at, bit in bits:
            data[at] ^= 1 << bit
        text = f"bits {bits} flipped in"
    elif what == "nonfinite":
        at = 4 * rng.randrange(size // 4)
        struct.pack_into("<I", data, at, rng.choice(NOT_FINITE))
        text = f"{data[at:at + 4].hex()} at byte {at} of"
    elif what == "lines":
        lines = before.split(b"\n")
        at = rng.randrange(len(lines))
        lines[at:at + 1] = rng.choice([[], [lines[at], lines[at]], [b""], [lines[at].replace(b"1", b"2")]])
        data, text = b"\n".join(lines), f"line {at} changed in"
    else:
        start = rng.randrange(size)
        count = min(size - start, rng.choice([1, 8, 4096, size]))
        data[start:start + count] = bytes(count) if what == "zero" else bytes(rng.randrange(256) for _ in range(min(count, 4096)))
        text = f"bytes {start} to {start + count} {'zeroed' if what == 'zero' else 'made garbage'} in"
    # In place, in the same inode: what is mapped sees it.
    with open(path, "r+b") as file:
        file.write(data)
        file.truncate(len(data))
    return Wound(name, text, bytes(data) != before, what == "nonfinite")
