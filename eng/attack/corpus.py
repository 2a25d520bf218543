"""The demo corpus in pieces: features of single images, and small sources to ingest."""
import json
import pathlib
import random
import struct

# Words that stand in what is stored, and so may stand in no log line and in no error.
CAPTION_MARK, METADATA_MARK, ID_MARK = "qzcaptionqz", "qzmetadataqz", "qzidqz"


class Corpus:
    """Features, captions and boxes of models/scenes/corpus, read without numpy."""

    def __init__(self, root):
        folder = pathlib.Path(root) / "models/scenes/corpus"
        self.ids = (folder / "test_ids.txt").read_text("utf-8").split("\n")
        self.ids = [each for each in self.ids if each]
        self.captions = (folder / "test_caps.txt").read_text("utf-8").rstrip("\n").split("\n")
        self.per_image = len(self.captions) // len(self.ids)
        self.shape, self._features = self._array(folder / "test_ims.npy")
        _, self._boxes = self._array(folder / "test_boxes.npy")
        self.regions, self.width = self.shape[1:]

    @staticmethod
    def _array(path):
        data = path.read_bytes()
        header_length = struct.unpack_from("<H", data, 8)[0]
        header = eval(data[10:10 + header_length], {"__builtins__": {}})  # a literal of this repository's own file
        assert header["descr"] == "<f2" and not header["fortran_order"]
        return header["shape"], data[10 + header_length:]

    def half(self, row):
        """Features of an image as little-endian float16."""
        size = self.regions * self.width * 2
        row %= len(self.ids)
        return self._features[row * size:(row + 1) * size]

    def values(self, row):
        data = self.half(row)
        return list(struct.unpack(f"<{len(data) // 2}e", data))

    def boxes(self, row):
        size = self.regions * 4
        row %= len(self.ids)
        found = struct.unpack_from(f"<{size}e", self._boxes, row * size * 2)
        return [list(found[i:i + 4]) for i in range(0, size, 4)]

    def captions_of(self, row):
        row %= len(self.ids)
        return self.captions[row * self.per_image:(row + 1) * self.per_image]

    def npy(self, row, dtype="<f2"):
        if dtype == "<f2":
            return npy(dtype, (self.regions, self.width), self.half(row))
        values = self.values(row)
        return npy(dtype, (self.regions, self.width), struct.pack(f"<{len(values)}{'f' if dtype == '<f4' else 'd'}", *values))

    def write(self, folder, rows, split="part", prefix="", metadata=True):
        """Writes a source of these rows; returns its images as id -> (captions, metadata, boxes)."""
        folder = pathlib.Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        shape = (len(rows), self.regions, self.width)
        (folder / f"{split}_ims.npy").write_bytes(npy("<f2", shape, b"".join(map(self.half, rows))))
        size = self.regions * 4 * 2
        (folder / f"{split}_boxes.npy").write_bytes(npy("<f2", (len(rows), self.regions, 4), b"".join(self._boxes[row * size:(row + 1) * size] for row in rows)))
        images = {}
        for row in rows:
            images[prefix + self.ids[row]] = (
                self.captions_of(row), {"place": str(row % 7), "note": f"{METADATA_MARK} {row}"} if metadata else None, self.boxes(row))
        (folder / f"{split}_ids.txt").write_text("".join(f"{name}\n" for name in images), "utf-8")
        (folder / f"{split}_caps.txt").write_text("".join(f"{text}\n" for captions, _, _ in images.values() for text in captions), "utf-8")
        if metadata:
            (folder / f"{split}_metadata.jsonl").write_text("".join(json.dumps(each) + "\n" for _, each, _ in images.values()), "utf-8")
        return images


def npy(dtype, shape, data, order=False, header=None, version=b"\x01\x00", length=None):
    """A .npy file; every part of it can be given wrongly."""
    text = header if header is not None else f"{{'descr': '{dtype}', 'fortran_order': {order}, 'shape': {tuple(shape)!r}, }}"
    raw = text.encode("latin-1", "replace")
    wide = version != b"\x01\x00"
    raw += b" " * (-(len(raw) + 11 + 2 * wide) % 64) + b"\n"
    return b"\x93NUMPY" + version + struct.pack("<I" if wide else "<H", (len(raw) if length is None else length) & (0xFFFFFFFF if wide else 0xFFFF)) + raw + data


def stream(*parts):
    """Random numbers that depend on these parts alone."""
    return random.Random("/".join(map(str, parts)))
