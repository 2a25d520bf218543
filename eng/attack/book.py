"""The model: what the index must hold, by what was acknowledged."""
import struct
import threading
import urllib.parse

import wire

ABSENT, ANY = ("absent",), ("any",)


class Book:
    """
    For each id the states it may be in. An acknowledged change leaves one; a change that was sent and not answered
    adds one, since it may have happened or not.
    """

    def __init__(self, images=None):
        self._lock = threading.Lock()
        self.states = {name: [state(*image)] for name, image in (images or {}).items()}

    def copy(self):
        other = Book()
        other.states = {name: list(states) for name, states in self.states.items()}
        return other

    def sent(self, name, new):
        with self._lock:
            self.states.setdefault(name, [ABSENT]).append(new)

    def acknowledged(self, name, new):
        with self._lock:
            self.states[name] = [new]

    def unknown(self, name):
        """From now on nothing is known of it."""
        with self._lock:
            self.states[name] = [ABSENT, ANY]

    def refused(self, name, new):
        """Not done: an answer that says so."""
        with self._lock:
            states = self.states[name]
            if new in states[1:]:
                states.reverse()
                states.remove(new)
                states.reverse()

    @property
    def sure(self):
        return sum(len(states) == 1 for states in self.states.values())

    def check(self, port, report, oracle, names=None, damage=False):
        """Asks for every image; reports what was acknowledged and is not there. Over damaged files a 503 says so, too."""
        connection = None
        for name in list(self.states) if names is None else names:
            states = self.states[name]
            if ANY in states:
                continue
            raw = wire.request("GET", f"/v1/images/{urllib.parse.quote(name, safe='')}")
            for _ in range(40):
                if connection is None or connection.ended:
                    connection = wire.Connection(port)
                connection.send(raw)
                answer = connection.answer()
                if answer is None or answer.closes:
                    connection.close()
                    connection = None
                if answer is not None and answer.status not in (429, 503):
                    break
            value = oracle.check(answer, raw, "GET", "/v1/images/x", sound=True)
            found = ABSENT if answer is not None and answer.status == 404 else None
            if answer is not None and answer.status == 200 and isinstance(value, dict):
                found = state([each["text"] for each in value["captions"]], value["metadata"], value["boxes"])
            report.count("acknowledged writes checked", len(states) == 1)
            if found is None and damage and answer is not None and answer.status == 503:
                report.count("acknowledged writes over damaged files that are a 503 after a restart")
            elif found is None:
                report.finding("an image of which something was acknowledged cannot be read", f"{name}: {answer and (answer.status, answer.body[:200])}", "the image, or a 404")
            elif found not in states:
                report.finding("what was acknowledged is not there", f"{name}: found {_short(found)}", f"one of {list(map(_short, states))}"[:600])
            else:
                with self._lock:
                    self.states[name] = [found]
        if connection is not None:
            connection.close()

    def totals(self):
        """(fewest, most) images and captions the index may hold."""
        def bounds(weigh):
            per = [[weigh(each) for each in states] for states in self.states.values()]
            return sum(map(min, per)), sum(map(max, per))
        return bounds(lambda each: each is not ABSENT), bounds(lambda each: 0 if each is ABSENT else 1000 if each is ANY else len(each[1]))


def state(captions, metadata, boxes):
    """An image as it can be compared: metadata with their types, boxes as float32."""
    plain = None if not metadata else tuple(sorted((key, _typed(value)) for key, value in metadata.items() if value is not None))
    corners = None if boxes is None else tuple(tuple(struct.unpack("f", struct.pack("f", corner))[0] for corner in box) for box in boxes)
    return ("image", tuple(captions), plain or None, corners)


def _typed(value):
    # True equals 1 in Python.
    return (type(value) is bool, isinstance(value, str), value)


def _short(found):
    text = repr(found)
    return text if len(text) < 240 else text[:200] + f"…({len(text)})"
